/** The other end of the connection in kernel-model.ts: it reads when its program reads, and answers as long as it lives. */
export class Peer {
  /** All that has arrived in order. */
  received = 0
  /** While true it takes no data, and takes back the window that it gave (ICSK_ACK_NOMEM, net/ipv4/tcp_input.c). */
  isOutOfMemory = false
  /** Sends an acknowledgement, with the window of that moment. */
  acknowledge: () => void = () => {}
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
    if (this.isOutOfMemory) return 0
    const free = this.#capacity - this.#buffered
    this.#edge = Math.max(this.#edge, this.received + (free < this.#grain ? 0 : free))
    return this.#edge - this.received
  }

  receive(offset: number, size: number): void {
    const end = offset + size
    if (!this.isOutOfMemory && offset <= this.received && end > this.received) {
      this.#buffered += end - this.received
      this.received = end
    }
    this.acknowledge()
  }

  probe(): void {
    this.acknowledge()
  }

  /** The program reads; the sender is told where that doubles the window (tcp_cleanup_rbuf(), net/ipv4/tcp.c). */
  read(bytes: number): void {
    const before = this.#edge - this.received
    this.#buffered -= Math.min(bytes, this.#buffered)
    const window = this.window()
    if (window > 0 && window >= 2 * before) this.acknowledge()
  }
}
