import { type Lab, withLab } from './lab.ts'
import { findTool } from './tools.ts'

/** The tools of a laboratory, and their Debian packages. */
const packages = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  ip: 'iproute2',
  nft: 'nftables',
  tcpdump: 'tcpdump',
}

let answer: Promise<string | undefined> | undefined

/** Why this machine cannot open a laboratory, in one sentence; undefined if it can. Checked once in each process. */
export async function labUnavailable(): Promise<string | undefined> {
  answer ??= findOut()
  return answer
}

async function findOut(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'The network laboratory needs Linux.'
  const missing = Object.entries(packages).find(([tool]) => findTool(tool) === undefined)
  if (missing) return `The network laboratory needs ${missing[0]} (Debian package ${missing[1]}).`
  try {
    await withLab(rehearse)
    return undefined
  } catch (error) {
    return `The network laboratory cannot be opened here: ${sentence(error)}.`
  }
}

/** Uses everything that some kernels do not support. */
async function rehearse(lab: Lab): Promise<void> {
  const capture = await lab.capture()
  await lab.unreachable()
  await lab.lose(1)
  await lab.forget(1)
  await capture.stop()
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const line = error.message.split('\n', 1)[0] ?? ''
  return error.cause === undefined ? line : `${line} (${sentence(error.cause)})`
}
