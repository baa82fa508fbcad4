/** From when a connection's deadline counts, as a capture on the client saw it: nothing of the package is asked. */
import { after, isLater } from '../../lab/network/keepalive-probes.ts'
import type { TcpPacket } from '../../lab/network/pcap.ts'

/** From when the deadline counts after a packet that passed at `at`. */
interface Mark {
  readonly at: number
  readonly since: number
}

interface Conversation {
  readonly openedAt: number
  /** Newest last. After the end there may be one more, for what the server repeats to a client that is gone. */
  readonly marks: Mark[]
  /** The number that the server's next byte will have, once it has said its first. */
  nextToHear: number | undefined
  /** The number after the first data that the server has not acknowledged, and when it was written. */
  unheard: { readonly end: number; readonly wroteAt: number } | undefined
  /** Whether the client has answered, or taken leave, with RST. */
  isOver: boolean
}

/** Enough to find the one before the end. */
const MARKS_KEPT = 4

export class Silence {
  readonly #port: number
  /** By the client's port; a port may be used again, so newest last. */
  readonly #conversations = new Map<number, Conversation[]>()
  #newest = 0

  /** @param port the server's */
  constructor(port: number) {
    this.#port = port
  }

  /** When the newest packet passed. */
  get newest(): number {
    return this.#newest
  }

  take(packet: TcpPacket): void {
    this.#newest = packet.at
    if (packet.from.port === this.#port) this.#hear(packet)
    else this.#say(packet)
  }

  /**
   * From when the deadline of a connection counts that was lost at `lostAt`: from its own write where that is not
   * acknowledged, else from the last thing heard.
   */
  since(port: number, lostAt: number): number | undefined {
    const all = this.#conversations.get(port) ?? []
    const conversation = all.findLast(({ openedAt }) => openedAt < lostAt)
    return conversation?.marks.findLast(({ at }) => at <= lostAt)?.since
  }

  /** Only the newest on each port is wanted still. */
  forgetOlder(): void {
    for (const all of this.#conversations.values()) all.splice(0, all.length - 1)
  }

  #hear({ at, to, seq, ack, length, flags }: TcpPacket): void {
    const conversation = this.#conversations.get(to.port)?.at(-1)
    if (conversation === undefined || conversation.isOver || flags.rst) return // RST is the end, not a sign of life
    const { nextToHear, unheard } = conversation
    // Nor does Linux count a probe of the server's: its number lies before the window (tcp_validate_incoming).
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
