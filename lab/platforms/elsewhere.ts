/** The machines of the workflow and the runs on each, so that docs/platforms.md can list the runs that are missing. */

export interface Machine {
  /** Its name in the workflow. */
  readonly name: string
  /** The platform package that it loads. */
  readonly target: string
  /** Its system, for people. */
  readonly how: string
  /** The lines of Node that exist for it. */
  readonly nodes: readonly number[]
}

const LINES = [18, 20, 22, 24, 26]

export const MACHINES: readonly Machine[] = [
  { name: 'ubuntu-x64', target: 'linux-x64-gnu', how: 'Ubuntu 24.04', nodes: LINES },
  { name: 'ubuntu-arm64', target: 'linux-arm64-gnu', how: 'Ubuntu 24.04', nodes: LINES },
  { name: 'alpine-x64', target: 'linux-x64-musl', how: 'Alpine', nodes: LINES },
  { name: 'alpine-arm64', target: 'linux-arm64-musl', how: 'Alpine', nodes: LINES },
  { name: 'macos-arm64', target: 'darwin-arm64', how: 'macOS 15', nodes: LINES },
  { name: 'macos-x64', target: 'darwin-x64', how: 'macOS 15 on Intel', nodes: LINES },
  { name: 'windows-x64', target: 'win32-x64-msvc', how: 'Windows Server 2025', nodes: LINES },
  // Node has builds for it since 20.
  { name: 'windows-arm64', target: 'win32-arm64-msvc', how: 'Windows 11', nodes: LINES.slice(1) },
  // It has packages only of the lines that Node still maintains.
  { name: 'freebsd-x64', target: 'freebsd-x64', how: 'FreeBSD 14.3', nodes: LINES.slice(1) },
]

/** The name of a run in `docs/platforms.json`. */
export function runName(machine: string, line: number | string): string {
  return `${machine}-node-${line}`
}

export const RUNS: readonly string[] = MACHINES.flatMap(({ name, nodes }) =>
  nodes.map((line) => runName(name, line)),
)
