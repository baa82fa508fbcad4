/** Plays the stories in the network laboratory and records the packets. */
import { once } from 'node:events'
import { release, type } from 'node:os'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Conversation, converse, type Loss } from '../network/connections.ts'
import type { Capture } from '../network/capture.ts'
import { keepAliveProbes } from '../network/keepalive-probes.ts'
import { type Lab, withLab } from '../network/lab.ts'
import type { TcpPacket } from '../network/packets.ts'
import { needTool } from '../network/tools.ts'
import { type Captures, type Happening, type Sent, STORIES, type Story, type StoryName } from './story.ts'

const DETECT_WITHIN = 10_000

/** The events of a story, and the error that the program got. */
interface Played {
  readonly happened: readonly Happening[]
  readonly loss?: Loss
}

const PLAYS: Readonly<Record<StoryName, (lab: Lab, connection: Conversation) => Promise<Played>>> = {
  async alive() {
    await sleep(10_000) // three probes
    return { happened: [] }
  },
  async restarted(lab, connection) {
    const at = Date.now()
    await lab.reboot()
    return { happened: [{ at, what: 'the server restarts' }], loss: await connection.loss() }
  },
  async gone(lab, connection) {
    await lab.cut()
    return { happened: [{ at: Date.now(), what: 'the cable is cut' }], loss: await connection.loss() }
  },
  async 'in-flight'(lab, connection) {
    await lab.cut()
    return writing(connection, { at: Date.now(), what: 'the cable is cut' })
  },
  async unreachable(lab, connection) {
    await lab.unreachable()
    return writing(connection, { at: Date.now(), what: 'no way any more' })
  },
}

async function writing(connection: Conversation, fault: Happening): Promise<Played> {
  connection.write('it')
  const loss = await connection.loss()
  return { happened: [fault, { at: loss.wroteAt, what: 'write()' }], loss }
}

export async function recordStories(): Promise<Captures> {
  const all = STORIES.map(async (name) => [name, await withLab((lab) => play(lab, name))] as const)
  return {
    system: `${type()} ${/^\d+(\.\d+)*/.exec(release())?.[0] ?? ''}`,
    detectWithin: DETECT_WITHIN,
    stories: Object.fromEntries(await Promise.all(all)) as Captures['stories'],
  }
}

async function play(lab: Lab, name: StoryName): Promise<Story> {
  const capture = await lab.capture()
  const saying = await startTcpdump(lab)
  const connection = await converse(lab, { it: { detectWithin: DETECT_WITHIN } })
  await sleep(100) // until the client has acknowledged the last answer: 40 ms at most
  const quietFrom = Date.now()
  const { happened, loss } = await PLAYS[name](lab, connection)
  await sleep(300) // what the kernel sends as it gives up
  const until = Date.now()
  await capture.stop()
  const said = await saying.stop()
  const zero = startOf(capture.packets, quietFrom, loss, lab)
  const since = (at: number): number => Math.round((at - zero) * 100) / 100
  const [fault] = happened
  return {
    sent: sentOf(capture, lab, fault?.at)
      .filter(({ at }) => at >= zero)
      .map((each) => ({ ...each, at: since(each.at) })),
    happened: happened.map(({ at, what }) => ({ at: since(at), what })),
    ...(loss && { told: { at: since(loss.lostAt), code: loss.code, outcome: loss.outcome ?? '' } }),
    until: since(until),
    tcpdump: linesOf(said, zero),
  }
}

/** The time of the packet with the written data; without a write, of the last packet from the server before the fault. */
function startOf(packets: readonly TcpPacket[], quietFrom: number, loss: Loss | undefined, lab: Lab): number {
  const written = packets.find(({ at, length }) => at > quietFrom && length > 0)
  const heard = packets.findLast(({ at, from }) => at < quietFrom && from.address === lab.server.address)
  const start = loss !== undefined && loss.wroteAt > quietFrom ? written : heard
  if (start === undefined) throw new Error('The first packet of the story is missing')
  return start.at
}

/** The packets in the words of the pictures. */
function sentOf(capture: Capture, lab: Lab, faultAt = Number.POSITIVE_INFINITY): Sent[] {
  const probes = new Set(keepAliveProbes(capture.packets).map(({ at }) => at))
  const seen = new Set<string>()
  const packets = capture.packets.map((packet): Sent => {
    const fromClient = packet.from.address === lab.client.address
    const data = `${packet.from.address} ${packet.seq}`
    const again = packet.length > 0 && seen.has(data)
    if (packet.length > 0) seen.add(data)
    return {
      at: packet.at,
      from: fromClient ? 'client' : 'server',
      to: fromClient ? 'server' : 'client',
      what: probes.has(packet.at) ? 'probe' : wordFor(packet, again),
      arrives: !fromClient || packet.at < faultAt || isAnswered(packet, capture.packets),
    }
  })
  const error = { from: 'router', to: 'client', what: 'ICMP: host unreachable', arrives: true } as const
  const errors = capture.icmp.map(({ at }): Sent => ({ at, ...error }))
  return [...packets, ...errors].toSorted((a, b) => a.at - b.at)
}

function wordFor({ flags, length }: TcpPacket, again: boolean): Sent['what'] {
  if (flags.rst) return 'RST'
  if (length === 0) return 'ACK'
  return again ? 'data, again' : 'data'
}

function isAnswered({ at, from }: TcpPacket, packets: readonly TcpPacket[]): boolean {
  return packets.some((other) => other.at >= at && other.to.port === from.port)
}

/** Prints the same packets, for the page. */
async function startTcpdump(lab: Lab): Promise<{ stop(): Promise<string> }> {
  // Only with the second -v does it print the sequence number of a packet without data, which identifies a probe.
  const words = ['-i', 'eth0', '-n', '-tt', '-vv', '--immediate-mode', '-Z', 'root', 'tcp or icmp']
  const tcpdump = lab.client.spawn(needTool('tcpdump'), words, { stdio: ['ignore', 'pipe', 'pipe'] })
  if (!tcpdump.stdout || !tcpdump.stderr) throw new Error('tcpdump has no output')
  const said = text(tcpdump.stdout)
  await once(tcpdump.stderr, 'data') // "listening on eth0"
  return {
    stop: async () => {
      tcpdump.kill('SIGINT')
      return said
    },
  }
}

/**
 * A line for each packet, without checksum, window and options: the time since `zero` in seconds, the sender and the receiver, flags,
 * relative sequence and acknowledgement numbers, and the length of the data.
 */
function linesOf(said: string, zero: number): string[] {
  const packets = [...said.matchAll(/^(\d+\.\d+) IP .*\n\s+(.*)$/gm)]
  return packets.flatMap(([, seconds = '', words = '']) => {
    const at = (Number(seconds) * 1000 - zero) / 1000
    if (at < -0.0005) return []
    const short = words.replaceAll(/, (cksum 0x\w+ \([^)]*\)|win \d+|options \[[^\]]*\])/g, '')
    return [`${Math.max(0, at).toFixed(3).padStart(6)}  ${short}`]
  })
}
