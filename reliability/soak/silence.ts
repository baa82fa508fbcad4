/** When a connection's deadline started, from a packet capture on the client: independent of the package. */
import { after, isLater } from '../../lab/network/keepalive-probes.ts'
import type { TcpPacket } from '../../lab/network/packets.ts'

/** After a packet at `at`, the deadline counts from `since`. */
interface Mark {
  readonly at: number
  readonly since: number
}

interface Conversation {
  readonly openedAt: number
  /** The newest last. There may be one more after the end, for a retransmission of the server. */
  readonly marks: Mark[]
  /** The sequence number of the server's next byte; `undefined` before its first packet. */
  nextToHear: number | undefined
  /** The end of the first data that the server has not acknowledged, and when it was written. */
  unheard: { readonly end: number; readonly wroteAt: number } | undefined
  /** Whether the client has sent RST. */
  isOver: boolean
}

/** Enough to find the last one before the end. */
const MARKS_KEPT = 4

export class Silence {
  readonly #port: number
  /** By the client's port. A port may be reused: the newest is last. */
  readonly #conversations = new Map<number, Conversation[]>()
  /** The time of the newest packet. */
  newest = 0

  /** @param port the server's */
  constructor(port: number) {
    this.#port = port
  }

  take(packet: TcpPacket): void {
    this.newest = packet.at
    if (packet.from.port === this.#port) this.#hear(packet)
    else this.#say(packet)
  }

  /**
   * When the deadline of a connection started that was lost at `lostAt`: at its first unacknowledged write, otherwise at the last
   * packet received.
   */
  since(port: number, lostAt: number): number | undefined {
    const all = this.#conversations.get(port) ?? []
    const conversation = all.findLast(({ openedAt }) => openedAt < lostAt)
    return conversation?.marks.findLast(({ at }) => at <= lostAt)?.since
  }

  /** Forgets all but the newest on each port. */
  forgetOlder(): void {
    for (const all of this.#conversations.values()) all.splice(0, all.length - 1)
  }

  #hear({ at, to, seq, ack, length, flags }: TcpPacket): void {
    const conversation = this.#conversations.get(to.port)?.at(-1)
    if (conversation === undefined || conversation.isOver || flags.rst) return // RST does not prove that the server lives
    const { nextToHear, unheard } = conversation
    // Linux ignores a probe of the server: its number is before the window (tcp_validate_incoming).
    if (nextToHear !== undefined && length === 0 && !flags.fin && nextToHear === after(seq, 1)) return
    const end = after(seq, length + (flags.syn ? 1 : 0))
    if (nextToHear === undefined || isLater(end, nextToHear)) conversation.nextToHear = end
    if (unheard !== undefined && !isLater(unheard.end, ack)) conversation.unheard = undefined
    mark(conversation, at, conversation.unheard?.wroteAt ?? at)
  }

  #say({ at, from, seq, length, flags }: TcpPacket): void {
    if (flags.syn) {
      const all = this.#conversations.get(from.port) ?? []
      all.push({ openedAt: at, marks: [], nextToHear: undefined, unheard: undefined, isOver: false })
      this.#conversations.set(from.port, all)
      return
    }
    const conversation = this.#conversations.get(from.port)?.at(-1)
    if (conversation === undefined || conversation.isOver) return
    if (flags.rst) conversation.isOver = true
    else if (length > 0 && conversation.unheard === undefined) {
      conversation.unheard = { end: after(seq, length), wroteAt: at }
      mark(conversation, at, at)
    }
  }
}

function mark({ marks }: Conversation, at: number, since: number): void {
  marks.push({ at, since })
  if (marks.length > MARKS_KEPT) marks.shift()
}
