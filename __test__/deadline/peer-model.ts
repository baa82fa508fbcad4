/** The other end of the connection in kernel-model.ts: it reads when its program reads, and answers as long as it lives. */
export class Peer {
  /** All bytes that have arrived in order. */
  received = 0
  /** While true, it accepts no data, and takes back the window that it gave (ICSK_ACK_NOMEM, net/ipv4/tcp_input.c). */
  isOutOfMemory = false
  /**
   * Whether the window is as large as its own buffer allows in the next segment that it sends after such an answer: where the memory of all of
   * TCP is short, and not that of the buffer (Linux 6.14, `rcv_wnd` in tcp_select_window(), net/ipv4/tcp_output.c).
   */
  reopens = false
  /** Sends an acknowledgement, with the window of that moment, alone or with data. */
  acknowledge: (withData?: boolean) => void = () => {}
  #isTakenBack = false
  /** Whether there is memory for one more segment. */
  #hasRoomForOne = false
  #buffered = 0
  /** The end of the window that it gave to the sender. */
  #edge: number
  readonly #capacity: number
  /** The smallest step by which the window opens (__tcp_select_window(), net/ipv4/tcp_output.c). */
  readonly #grain: number

  constructor(capacity: number, grain: number) {
    this.#capacity = capacity
    this.#grain = grain
    this.#edge = capacity
  }

  /** A window that was given is not taken back, except for lack of memory (tcp_select_window(), net/ipv4/tcp_output.c). */
  window(): number {
    if (this.isOutOfMemory && (this.#isTakenBack || !this.reopens)) return 0
    const free = this.#capacity - this.#buffered
    this.#edge = Math.max(this.#edge, this.received + (free < this.#grain ? 0 : free))
    return this.#edge - this.received
  }

  receive(offset: number, size: number): void {
    const end = offset + size
    // Beyond a window of 0 it is not even looked at (tcp_sequence()), and out of order it takes nothing back.
    this.#isTakenBack = !this.#isTakenBack && offset <= this.received
    const takes = !this.isOutOfMemory || this.#hasRoomForOne
    if (takes && offset <= this.received && end > this.received) {
      this.#hasRoomForOne = false
      this.#buffered += end - this.received
      this.received = end
    }
    this.acknowledge()
  }

  /** Though it is out of memory, it takes the next segment. */
  takeOne(): void {
    this.#hasRoomForOne = true
  }

  probe(): void {
    this.#isTakenBack = false
    this.acknowledge()
  }

  /** Its program writes. */
  say(): void {
    this.#isTakenBack = false
    this.acknowledge(true)
  }

  /** The program reads; the sender is told where that doubles the window (tcp_cleanup_rbuf(), net/ipv4/tcp.c). */
  read(bytes: number): void {
    const before = this.#edge - this.received
    this.#buffered -= Math.min(bytes, this.#buffered)
    const window = this.window()
    if (window > 0 && window >= 2 * before) this.acknowledge()
  }
}
