import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Host } from './host.ts'
import type { HostName } from './links.ts'
import { pcapReader, type IcmpError, type TcpPacket } from './pcap.ts'
import { needTool } from './tools.ts'

export interface CaptureOptions {
  /** Where to listen; the client unless told. On the router: its side towards the client. */
  readonly host?: HostName
  /** A filter in tcpdump's language (pcap-filter(7)). */
  readonly filter?: string
  /** Is given each TCP packet as it comes; the recording keeps none then, and may last as long as it likes. */
  readonly each?: (packet: TcpPacket) => void
}

/** A recording of what passed a host's interface. */
export interface Capture {
  /** The TCP packets so far; none where `each` takes them. */
  readonly packets: readonly TcpPacket[]
  /** The ICMP answers so far that say a packet could not be delivered. */
  readonly icmp: readonly IcmpError[]
  /** Ends the recording; all that passed before the call is then in it. */
  stop(): Promise<void>
}

// Enough for all headers, also of the packet that an ICMP answer quotes. tcpdump reserves this much for each
// packet waiting, so a small number makes room for many.
const bytesOfEachPacket = 256

// Room for packets that wait while the machine is busy: tcpdump's own 2 MiB are for some 5,000, and a recording of many
// connections wants more.
const bufferKibibytes = { few: 2048, many: 32_768 }

export async function startCapture(
  host: Host,
  network: string,
  { filter = 'tcp or icmp or icmp6', each }: CaptureOptions,
): Promise<Capture> {
  const sizes = [
    '-s',
    String(bytesOfEachPacket),
    '-B',
    String(each ? bufferKibibytes.many : bufferKibibytes.few),
  ]
  const listening = ['-i', network, '-n', ...sizes, '--immediate-mode']
  const writing = ['-U', '-w', '-', '-Z', 'root'] // as root, stay root; otherwise this is without meaning
  const tcpdump = host.spawn(needTool('tcpdump'), [...listening, ...writing, filter], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const packets: TcpPacket[] = []
  const icmp: IcmpError[] = []
  const take = each ?? ((packet: TcpPacket) => packets.push(packet))
  const read = pcapReader()
  tcpdump.stdout?.on('data', (chunk: Buffer) => {
    for (const packet of read(chunk)) {
      if (packet.kind === 'tcp') take(packet)
      else icmp.push(packet)
    }
  })
  const said = remarksOf(tcpdump)
  await said.wait(/listening on/)
  return {
    packets,
    icmp,
    stop: async () => {
      if (tcpdump.exitCode !== null || tcpdump.signalCode !== null) return
      await caughtUp(tcpdump, said)
      const closed = once(tcpdump, 'close') // after the last byte of its output
      tcpdump.kill('SIGINT')
      await closed
    },
  }
}

/**
 * Resolves when tcpdump has written every packet that the kernel has put aside for it until now: it counts both on SIGUSR1.
 * Where the kernel had to drop some, it never does.
 */
async function caughtUp(tcpdump: ChildProcess, said: Remarks): Promise<void> {
  let received: number | undefined
  for (let attempt = 0; attempt < 500; attempt++) {
    tcpdump.kill('SIGUSR1')
    const counts = await said.wait(/(\d+) packets? captured,? (\d+) packets? received by filter.*\n/)
    received ??= Number(counts[2])
    if (Number(counts[1]) >= received) return
    await sleep(10)
  }
}

interface Remarks {
  /** Resolves with the next match in what the program says, and forgets what was said up to there. */
  wait(pattern: RegExp): Promise<RegExpExecArray>
}

function remarksOf(program: ChildProcess): Remarks {
  let said = ''
  let ended = false
  program.once('close', () => (ended = true))
  program.stderr?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  return {
    wait: async (pattern) => {
      for (;;) {
        const match = pattern.exec(said)
        if (match !== null) {
          said = said.slice(match.index + match[0].length)
          return match
        }
        if (ended) throw new Error(`tcpdump ended: ${said.trim()}`)
        await Promise.race([once(program.stderr ?? program, 'data'), once(program, 'close')])
      }
    },
  }
}
