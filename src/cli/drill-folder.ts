/**
 * The folder through which the processes of a command report on their drill. They may run as another user than the drill, as with su(1), so
 * other users must be able to write there. So nobody else can find it, and the drill trusts nothing in it:
 *
 * - The outer folder cannot be listed, and the name of the inner one cannot be guessed. Only the command's environment has it.
 * - The drill itself writes only to the outer folder, where nobody else may write. Elsewhere, a link could make it overwrite any file.
 * - In the inner folder only the owner of a file may replace it (sticky bit). Links, pipes and folders there are not read, and text
 *   that is not as expected is skipped.
 */
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newsFrom } from './drill-line.ts'
import type { InsideNews } from './drill-news.ts'

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

export class NewsFolder {
  readonly #outer = mkdtempSync(join(tmpdir(), 'tcp-keepalive-drill-'))
  /** The inner folder. */
  readonly folder: string = join(this.#outer, randomBytes(16).toString('hex'))
  #hasBegun = false

  constructor() {
    mkdirSync(this.folder)
    chmodSync(this.folder, 0o1733)
    chmodSync(this.#outer, 0o711)
  }

  /** The last line of each process. */
  read(): InsideNews[] {
    // oxlint-disable-next-line unicorn/no-array-sort -- Node 18 has no toSorted()
    const files = readdirSync(this.folder).sort() // by their time
    const all = files.flatMap((name) => newsFrom(textOf(join(this.folder, name))) ?? [])
    return [...new Map(all.map((each) => [each.pid, each])).values()]
  }

  begin(): void {
    if (!this.#hasBegun) writeFileSync(join(this.#outer, 'begun'), '')
    this.#hasBegun = true
  }

  stop(): void {
    writeFileSync(join(this.#outer, 'stop'), '')
  }

  /** Not recursive in the inner folder: a folder there could become a link meanwhile. */
  remove(): void {
    try {
      for (const name of readdirSync(this.folder)) unlinkSync(join(this.folder, name))
      rmdirSync(this.folder)
      rmSync(this.#outer, { recursive: true })
    } catch {
      // It was removed before, or another user has made a folder there, which stays.
    }
  }
}

/** The text of a regular file; empty for everything else, and for a file that may not be read. */
function textOf(path: string): string {
  let fd: number | undefined
  try {
    fd = openSync(path, FLAGS)
    return fstatSync(fd).isFile() ? readFileSync(fd, 'utf8') : ''
  } catch {
    return ''
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
