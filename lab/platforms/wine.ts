/** Wine 10 of Debian 13, the first version with TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT. */
import { existsSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run.ts'
import { inRoot, unpackDebian } from './debian.ts'
import { RUNTIMES } from './download.ts'

const WINE = '/usr/lib/wine/wine64'
const ENVIRONMENT = [
  'HOME=/root',
  'PATH=/usr/bin:/bin',
  'WINESERVER=/usr/lib/wine/wineserver64',
  'WINEPREFIX=/wine',
  'WINEDEBUG=-all',
  'XDG_RUNTIME_DIR=/tmp',
  'DISPLAY=',
  'NODE_SKIP_PLATFORM_CHECK=1', // Node 24 and later require a newer Windows than Wine reports
]

export const WINE_ROOT: string = join(RUNTIMES, 'wine')

export async function prepareWine(): Promise<void> {
  await unpackDebian(WINE_ROOT, 'amd64', ['wine64', 'libz-mingw-w64', 'coreutils'])
  const system = join(WINE_ROOT, 'wine/drive_c/windows/system32')
  if (existsSync(join(system, 'zlib1.dll'))) return
  // Wine's user32 needs this file, but its package does not contain it: here for the first start, below for every program.
  const zlib = join(WINE_ROOT, 'usr/x86_64-w64-mingw32/lib/zlib1.dll')
  await cp(zlib, join(WINE_ROOT, 'usr/lib/x86_64-linux-gnu/wine/x86_64-windows/zlib1.dll'))
  await run('timeout', ['180', ...wineCommand(['wineboot', '--init'])]).catch(() => {}) // its complaints do not matter, but:
  if (!existsSync(join(system, 'kernel32.dll'))) throw new Error("Wine's C: drive was not made")
  await cp(zlib, join(system, 'zlib1.dll'))
}

export function wineCommand(parameters: readonly string[], program: string = WINE): readonly string[] {
  return inRoot(WINE_ROOT, ['/usr/bin/env', '-i', ...ENVIRONMENT, program, ...parameters])
}

/** Ends the server of this prefix, which runs on after its programs. */
export async function stopWine(): Promise<void> {
  const [program = '', ...parameters] = wineCommand(['--kill'], '/usr/lib/wine/wineserver64')
  await run(program, parameters).catch(() => {}) // there is no server
}
