/**
 * Debian in a folder of the cache: this machine's apt unpacks packages of any architecture there, and installs nothing. Programs run
 * with that folder as their root, in a mount namespace of their own.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run.ts'

/** The release with the necessary versions of QEMU, musl and Wine. */
const DEBIAN_13 = ['trixie']
/** For packages that both have. During an update, a mirror may serve inconsistent parts of one of them. */
export const DEBIAN_12_OR_13: readonly string[] = ['bookworm', 'trixie']
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** Why this machine cannot unpack Debian's packages; `undefined` if it can. */
export async function debianUnavailable(): Promise<string | undefined> {
  const needed = ['/usr/bin/apt-get', '/usr/bin/dpkg-deb', '/usr/bin/unshare', KEYRING]
  const missing = needed.find((path) => !existsSync(path))
  return missing && `needs a Debian machine (${missing} is not there)`
}

type Architecture = 'amd64' | 'arm64' | 'armhf'

/**
 * Unpacks the packages and their dependencies into `folder`, unless that was done before.
 *
 * @param releases uses the first of them whose packages can all be downloaded
 */
export async function unpackDebian(
  folder: string,
  architecture: Architecture,
  packages: readonly string[],
  releases: readonly string[] = DEBIAN_13,
): Promise<void> {
  const wanted = [...releases, architecture, ...packages].join('\n')
  const note = join(folder, '.unpacked')
  if ((await readFile(note, 'utf8').catch(() => undefined)) === wanted) return
  const unfinished = `${folder}.unfinished`
  await rm(folder, { recursive: true, force: true })
  const failures: string[] = []
  for (const release of releases) {
    try {
      await unpackRelease(unfinished, release, architecture, packages)
      await writeFile(join(unfinished, '.unpacked'), wanted)
      return await rename(unfinished, folder)
    } catch (error) {
      failures.push(String(error))
    }
  }
  throw new Error(failures.join('\n'))
}

async function unpackRelease(
  unfinished: string,
  release: string,
  architecture: Architecture,
  packages: readonly string[],
): Promise<void> {
  await rm(unfinished, { recursive: true, force: true })
  const apt = join(unfinished, '.apt')
  const archives = join(apt, 'cache/archives')
  for (const each of [join(apt, 'lists/partial'), join(archives, 'partial')])
    await mkdir(each, { recursive: true })
  await writeFile(join(apt, 'status'), '')
  await writeFile(join(apt, 'sources.list'), `deb [signed-by=${KEYRING}] ${await mirror()} ${release} main\n`)
  const options = aptOptions(apt, architecture)
  await run('apt-get', [...options, '--quiet=2', 'update'])
  const install = ['--yes', '--quiet=2', '--no-install-recommends', '--download-only', 'install']
  await run('apt-get', [...options, ...install, ...packages])
  // Debian has merged these folders with those in usr, but some packages still use them.
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(join(unfinished, 'usr', name), { recursive: true })
    await symlink(join('usr', name), join(unfinished, name))
  }
  for (const name of await readdir(archives)) {
    if (!name.endsWith('.deb')) continue
    const unpack = 'dpkg-deb --fsys-tarfile "$0" | tar --extract --directory "$1" --keep-directory-symlink'
    await run('bash', ['-o', 'pipefail', '-c', unpack, join(archives, name), unfinished])
  }
  await rm(apt, { recursive: true })
  for (const name of ['proc', 'dev', 'opt', 'tmp', 'root'])
    await mkdir(join(unfinished, name), { recursive: true })
}

/** The command that runs `command` with `folder` as its root. */
export function inRoot(folder: string, command: readonly string[]): readonly string[] {
  const enter = `mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"`
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user', '--pid', '--fork']
  return ['unshare', '--mount', ...asRoot, 'bash', '-c', enter, folder, ...command]
}

function aptOptions(apt: string, architecture: string): readonly string[] {
  return [
    `Dir::Etc::sourcelist=${apt}/sources.list`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${apt}/lists`,
    `Dir::State::status=${apt}/status`,
    `Dir::Cache=${apt}/cache`,
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    'APT::Sandbox::User=root',
    'Debug::NoLocking=1',
  ].flatMap((option) => ['-o', option])
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
