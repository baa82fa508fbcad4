/**
 * `npm run build -- folders`: the manifest and the README of each platform's package in npm/, to be committed.
 *
 * napi-rs makes them from package.json. What it leaves out is added: that the armv7 binary is for glibc, as it
 * knows the C library by the last part of the target's name, and a README that says what the package is part of.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, runCommand } from '../../lab/command.ts'
import { run } from '../../lab/run.ts'
import { OLDEST_GLIBC, OLDEST_MACOS, TARGETS, type Target } from './targets.ts'

const HELP = `npm run build -- folders

Writes npm/<platform>/package.json and README.md anew from package.json.`

export interface PlatformManifest {
  readonly name: string
  readonly version: string
  readonly main: string
  readonly os: readonly string[]
  readonly cpu: readonly string[]
  readonly libc?: readonly string[]
}

/** Writes npm/ beside the package.json in this folder. */
export async function createNpmFolders(packageFolder: string): Promise<void> {
  await run('npm', ['exec', '--no', '--', 'napi', 'create-npm-dirs', '--cwd', packageFolder], { cwd: ROOT })
  const folder = join(packageFolder, 'npm')
  for (const target of TARGETS) {
    const path = join(folder, target.name, 'package.json')
    const manifest = JSON.parse(await readFile(path, 'utf8')) as PlatformManifest
    const complete = isGlibc(target) ? { ...manifest, libc: ['glibc'] } : manifest
    await writeFile(path, `${JSON.stringify(complete, undefined, 2)}\n`)
    await writeFile(join(folder, target.name, 'README.md'), readme(manifest.name, target))
  }
}

function readme(name: string, target: Target): string {
  return `# ${name}

The native part of \`tcp-keepalive\` for ${systemOf(target)}.

It is installed with it where it fits; there is no need to name it anywhere.
`
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
  return target.file.newestSymbol?.prefix === 'GLIBC_'
}

if (process.argv[1] === import.meta.filename) await runCommand(HELP, {}, () => createNpmFolders(ROOT))
