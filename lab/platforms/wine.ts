/** Wine 10 of Debian 13: the first that knows TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT. */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run.ts'
import { exists, inRoot, unpackDebian } from './debian.ts'
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
  'NODE_SKIP_PLATFORM_CHECK=1', // Node 24 and later ask for a newer Windows than Wine says it is
]

export const WINE_ROOT: string = join(RUNTIMES, 'wine')

/** Unpacks Wine and makes its C: drive. */
export async function prepareWine(): Promise<void> {
  await unpackDebian(WINE_ROOT, 'amd64', ['wine64', 'libz-mingw-w64', 'coreutils'])
  const system = join(WINE_ROOT, 'wine/drive_c/windows/system32')
  if (await exists(join(system, 'zlib1.dll'))) return
  // Wine's user32 wants it and its package does not bring it: once for the first start, once for every program.
  const zlib = join(WINE_ROOT, 'usr/x86_64-w64-mingw32/lib/zlib1.dll')
  await cp(zlib, join(WINE_ROOT, 'usr/lib/x86_64-linux-gnu/wine/x86_64-windows/zlib1.dll'))
  await inWine(['wineboot', '--init']).catch(() => {}) // what it complains about is of no use here, but:
  if (!(await exists(join(system, 'kernel32.dll')))) throw new Error("Wine's C: drive was not made")
  await cp(zlib, join(system, 'zlib1.dll'))
}

/** The command that starts a Windows program of the folder. */
export function wineCommand(command: readonly string[]): readonly string[] {
  return inRoot(WINE_ROOT, ['/usr/bin/env', '-i', ...ENVIRONMENT, WINE, ...command])
}

/** Ends the server that the programs of this prefix share, which outlives them. */
export async function stopWine(): Promise<void> {
  const stop = ['/usr/bin/env', '-i', ...ENVIRONMENT, '/usr/lib/wine/wineserver64', '--kill']
  const [program = '', ...parameters] = inRoot(WINE_ROOT, stop)
  await run(program, parameters).catch(() => {}) // there is none
}

async function inWine(command: readonly string[]): Promise<void> {
  const [program = '', ...parameters] = wineCommand(command)
  await run('timeout', ['180', program, ...parameters])
}
