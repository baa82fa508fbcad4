/**
 * `npm run build -- folders`: writes the manifest and the README of each platform's package into npm/, to be committed.
 *
 * napi-rs makes the manifests from package.json. This adds the README, and the C library of the armv7 binary: napi-rs recognizes a C
 * library only as the last part of a target's name.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, runCommand } from '../../lab/command.ts'
import { run } from '../../lab/run.ts'
import { OLDEST_GLIBC, OLDEST_MACOS, TARGETS, type Target } from './targets.ts'

const HELP = `npm run build -- folders

Writes npm/<platform>/package.json and README.md from package.json.`

/** Writes npm/ beside the package.json in this folder. */
export async function createNpmFolders(packageFolder: string): Promise<void> {
  await run('npm', ['exec', '--no', '--', 'napi', 'create-npm-dirs', '--cwd', packageFolder], { cwd: ROOT })
  const folder = join(packageFolder, 'npm')
  for (const target of TARGETS) {
    const path = join(folder, target.name, 'package.json')
    const manifest = JSON.parse(await readFile(path, 'utf8')) as { readonly name: string }
    const complete = isGlibc(target) ? { ...manifest, libc: ['glibc'] } : manifest
    await writeFile(path, `${JSON.stringify(complete, undefined, 2)}\n`)
    const readme = `# ${manifest.name}

The native part of \`tcp-keepalive\` for ${systemOf(target)}.

It is installed with it where it fits; there is no need to name it anywhere.
`
    await writeFile(join(folder, target.name, 'README.md'), readme)
  }
}

function systemOf(target: Target): string {
  const machine = { X86_64: 'x64', AARCH64: 'arm64', ARM: 'armv7' }[target.file.machine]
  const system = {
    darwin: `macOS ${OLDEST_MACOS} or later`,
    freebsd: 'FreeBSD',
    linux: isGlibc(target) ? `Linux with glibc ${OLDEST_GLIBC} or later` : 'Linux with musl',
    win32: 'Windows',
  }[target.name.split('-')[0] ?? '']
  return `${system}, ${machine}`
}

function isGlibc(target: Target): boolean {
  return target.file.newestGlibc !== undefined
}

if (process.argv[1] === import.meta.filename) await runCommand(HELP, {}, () => createNpmFolders(ROOT))
