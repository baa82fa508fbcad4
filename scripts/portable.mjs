/** The test files that can be run on every system, and what the others need. */

/** They assert none of Linux's values, and need no network and no tool of Linux. */
export const PORTABLE = [
  '__test__/cli/drill-text.test.ts',
  '__test__/cli/loss-in-words.test.ts',
  '__test__/cli/tcp-table.test.ts',
  '__test__/cli/usage.test.ts',
  '__test__/deadline/naive.test.ts',
  '__test__/deadline/rule.test.ts',
  '__test__/documentation/mentions.test.ts',
  '__test__/documentation/pictures.test.ts',
  '__test__/documentation/search-terms.test.ts',
  '__test__/hold/outcome.test.ts',
  '__test__/lab/platforms.test.ts',
  '__test__/panic.test.ts',
  '__test__/portable.test.ts',
  '__test__/settings/address.test.ts',
  '__test__/settings/detect-within.test.ts',
  '__test__/settings/duration.test.ts',
  '__test__/settings/environment.test.ts',
  '__test__/settings/match.test.ts',
  '__test__/settings/systems.test.ts',
  '__test__/socket/accepted-elsewhere.test.ts',
  '__test__/socket/binary-file.test.ts',
  '__test__/supply-chain/lock-files.test.ts',
]

/** Their child process reads a socket that it inherits (lab/readback), which is possible only on Unix. */
export const ON_UNIX = [
  '__test__/hold/hold.test.ts',
  '__test__/hold/install.test.ts',
  '__test__/hold/past-the-hold.test.ts',
  '__test__/hold/server.test.ts',
  '__test__/hold/wrap.test.ts',
  '__test__/socket/agent.test.ts',
  '__test__/socket/endpoints.test.ts',
  '__test__/socket/node-record.test.ts',
  '__test__/socket/read-back.test.ts',
]

/** The need of a file whose text matches; the first match counts. */
const NEEDS = [
  [
    /needs\.ts'|lab\/(network|servers|clients|readers|failover)\//,
    'the network laboratory or the servers in it',
  ],
  [/readback\.ts'/, "Linux's figures or tools, beside the witness"],
  [/\/proc\b|preload|strace|'cc'/i, '/proc, LD_PRELOAD or a tool of Linux'],
]

/** @returns what the test file `path` with this `text` needs; `undefined` where it runs on `platform`, which is not Linux */
export function needsOf(path, text, platform) {
  if (PORTABLE.includes(path)) return undefined
  if (ON_UNIX.includes(path))
    return platform === 'win32' ? 'a socket that a child process inherits' : undefined
  return NEEDS.find(([pattern]) => pattern.test(text))?.[1] ?? "Linux's figures or tools"
}
