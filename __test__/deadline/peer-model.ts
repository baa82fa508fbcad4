/** The other end of the connection in kernel-model.ts: it reads when its program reads, and answers as long as it lives. */
export class Peer {
  /** All that has arrived in order. */
  received = 0
  /** While true it takes no data, and takes back the window that it gave (ICSK_ACK_NOMEM, net/ipv4/tcp_input.c). */
  isOutOfMemory = false
  /**
   * Whether the window is as large as its own buffer allows in the next segment that it sends after such an answer: where the memory of all of
   * TCP is short, and not that of the buffer (Linux 6.14, `rcv_wnd` in tcp_select_window(), net/ipv4/tcp_output.c).
   */
  reopens = false
  /** Sends an acknowledgement, with the window of that moment, alone or with data. */
  acknowledge: (withData?: boolean) => void = () => {}
  #isTakenBack = false
  #buffered = 0
  /** Up to where the sender was allowed to send. */
  #edge: number
  readonly #capacity: number
  /** The window opens by no less than this (__tcp_select_window(), net/ipv4/tcp_output.c). */
  readonly #grain: number

  constructor(capacity: number, grain: number) {
    this.#capacity = capacity
    this.#grain = grain
    this.#edge = capacity
  }

  /** What was allowed stays so, but for want of memory (tcp_select_window(), net/ipv4/tcp_output.c). */
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
    if (!this.isOutOfMemory && offset <= this.received && end > this.received) {
      this.#buffered += end - this.received
      this.received = end
    }
    this.acknowledge()
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
