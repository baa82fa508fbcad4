import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { untilPrinted } from '../run.ts'
import type { Host } from './host.ts'
import type { HostName } from './links.ts'
import { type IcmpError, packetReader, PRINTING, type TcpPacket } from './packets.ts'
import { needTool } from './tools.ts'

export interface CaptureOptions {
  /** Where to listen; the client by default. On the router: its side towards the client. */
  readonly host?: HostName
  /** A filter in tcpdump's language (pcap-filter(7)). */
  readonly filter?: string
  /** Called with each TCP packet. The recording then stores none, so it may last as long as needed. */
  readonly each?: (packet: TcpPacket) => void
}

export interface Capture {
  /** The TCP packets so far; none if `each` is given. */
  readonly packets: readonly TcpPacket[]
  /** The ICMP errors so far that say that a packet could not be delivered. */
  readonly icmp: readonly IcmpError[]
  /** Ends the recording. It then has every packet from before the call. */
  stop(): Promise<void>
}

// Enough for all headers, also of the packet that an ICMP error quotes. tcpdump reserves this much for each
// waiting packet, so a small number leaves room for many.
const BYTES_OF_EACH_PACKET = 256

// The room for packets that wait while the machine is busy. tcpdump's default of 2 MiB is enough for about 5,000; a
// recording of many connections needs more.
const BUFFER_KIBIBYTES = { few: 2048, many: 32_768 }

export async function startCapture(
  host: Host,
  network: string,
  { filter = 'tcp or icmp or icmp6', each }: CaptureOptions,
): Promise<Capture> {
  const sizes = ['-s', BYTES_OF_EACH_PACKET, '-B', each ? BUFFER_KIBIBYTES.many : BUFFER_KIBIBYTES.few]
  // -Z root: as root, stay root. For other users it changes nothing.
  const listening = ['-i', network, ...sizes.map(String), '--immediate-mode', '-l', '-Z', 'root']
  const tcpdump = host.spawn(needTool('tcpdump'), [...listening, ...PRINTING, filter], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const packets: TcpPacket[] = []
  const icmp: IcmpError[] = []
  const take = each ?? ((packet: TcpPacket) => packets.push(packet))
  const read = packetReader()
  tcpdump.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    for (const packet of read(chunk)) {
      if (packet.kind === 'tcp') take(packet)
      else icmp.push(packet)
    }
  })
  await untilPrinted(tcpdump, /listening on/, [tcpdump.stderr])
  return {
    packets,
    icmp,
    stop: async () => {
      if (tcpdump.exitCode !== null || tcpdump.signalCode !== null) return
      await caughtUp(tcpdump)
      const closed = once(tcpdump, 'close') // after the last byte of its output
      tcpdump.kill('SIGINT')
      await closed
    },
  }
}

/**
 * Resolves when tcpdump has printed every packet that the kernel has buffered for it until now: on SIGUSR1 it prints both counts.
 * If the kernel had to drop packets, the counts never become equal.
 */
async function caughtUp(tcpdump: ChildProcess): Promise<void> {
  let received: number | undefined
  for (let attempt = 0; attempt < 500; attempt++) {
    const counts = untilPrinted(tcpdump, /(\d+) packets? captured,? (\d+) packets? received by filter.*\n/, [
      tcpdump.stderr,
    ])
    tcpdump.kill('SIGUSR1')
    const [, captured, all] = await counts
    received ??= Number(all)
    if (Number(captured) >= received) return
    await sleep(10)
  }
}
