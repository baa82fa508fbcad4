/**
 * Debian in a folder of the cache: mmdebstrap unpacks packages of any architecture there. Programs run with that folder as their
 * root, in a mount namespace of their own.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run.ts'

/** The release with the necessary versions of QEMU, musl and Wine. */
const DEBIAN_13 = ['trixie']
/** For packages that both have. During an update, a mirror may serve inconsistent parts of one of them. */
export const DEBIAN_12_OR_13: readonly string[] = ['bookworm', 'trixie']
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** Why this machine cannot unpack Debian's packages; `undefined` if it can. */
export async function debianUnavailable(): Promise<string | undefined> {
  const missing = ['/usr/bin/mmdebstrap', KEYRING].find((path) => !existsSync(path))
  return missing && `needs a Debian machine with the package mmdebstrap (${missing} is not there)`
}

/** For the packages: Debian has merged these folders with those in usr. The others are for {@link inRoot} and its programs. */
const FOLDERS = 'mkdir -p usr/bin usr/sbin usr/lib usr/lib64 proc dev opt tmp root'
const MERGED = 'ln -s usr/bin usr/sbin usr/lib usr/lib64 .'

/**
 * Unpacks the packages and their dependencies into `folder`, unless that was done before.
 *
 * @param releases uses the first of them whose packages can all be downloaded
 */
export async function unpackDebian(
  folder: string,
  architecture: 'amd64' | 'arm64' | 'armhf',
  packages: readonly string[],
  releases: readonly string[] = DEBIAN_13,
): Promise<void> {
  const wanted = [...releases, architecture, ...packages].join('\n')
  const note = join(folder, '.unpacked')
  if ((await readFile(note, 'utf8').catch(() => undefined)) === wanted) return
  const unfinished = `${folder}.unfinished`
  await rm(folder, { recursive: true, force: true })
  const options = [
    '--quiet',
    '--variant=extract', // it runs nothing of the packages, so they may be for another processor
    '--mode=chrootless', // it needs no rights
    `--architectures=${architecture}`,
    `--include=${packages.join()}`,
    `--keyring=${KEYRING}`,
    `--setup-hook=cd "$1" && ${FOLDERS} && ${MERGED}`,
  ]
  const failures: string[] = []
  for (const release of releases) {
    try {
      await rm(unfinished, { recursive: true, force: true })
      await run('mmdebstrap', [...options, release, unfinished, await mirror()])
      await writeFile(join(unfinished, '.unpacked'), wanted)
      return await rename(unfinished, folder)
    } catch (error) {
      failures.push(String(error))
    }
  }
  throw new Error(failures.join('\n'))
}

/** The command that runs `command` with `folder` as its root. */
export function inRoot(folder: string, command: readonly string[]): readonly string[] {
  const enter = `mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"`
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user', '--pid', '--fork']
  return ['unshare', '--mount', ...asRoot, 'bash', '-c', enter, folder, ...command]
}

/** The mirror of this machine's own packages. */
async function mirror(): Promise<string> {
  const folder = '/etc/apt/sources.list.d'
  const lists = (await readdir(folder).catch(() => [])).map((name) => join(folder, name))
  for (const file of ['/etc/apt/sources.list', ...lists]) {
    const found = /https?:\/\/\S+\/debian\/?(?=\s)/.exec(await readFile(file, 'utf8').catch(() => ''))
    if (found) return found[0]
  }
  throw new Error("this machine's sources of packages name no Debian mirror")
}

/** For `catch`: another process may already have put the same there. */
export function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
}
