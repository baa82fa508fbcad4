/**
 * A model of Linux's side of one sending TCP connection, in virtual time. It models what affects the user timeout: retransmission,
 * window probes and their backoff, TCP_USER_TIMEOUT and TCP_RTO_MAX_MS. It follows net/ipv4/tcp_timer.c, tcp_input.c and
 * tcp_output.c of Linux 6.15; each method names the function that it models. Time is in milliseconds.
 *
 * The parts left out do not matter for the rule: congestion control, except after a loss (with a slow reader the window limits a connection), selective
 * acknowledgements, and keepalive (it does not run while data is unsent or in flight).
 */
import type { Look } from '../../src/deadline/look.ts'
import type { Peer } from './peer-model.ts'

const RTO_MIN = 200
/** How long a peer may wait before it acknowledges a single segment (tcp_schedule_loss_probe()). */
const DELAYED_ACK = 200
const RETRIES = 15 // net.ipv4.tcp_retries2
const ORPHAN_RETRIES = 8 // tcp_orphan_retries(), if net.ipv4.tcp_orphan_retries is 0
/** TCP_RTO_MAX_MS if nobody has set it. */
export const SYSTEM_RTO_MAX = 120_000
const TIMEOUT_MIN = 2
const BUFFER = 65_536

/** In the binding's numbers. */
const [ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING] = [4, 5, 6, 7, 8]

export interface Path {
  /** The one-way delay, in ms. */
  readonly delay: number
  /** Whether a packet that is sent at this time is lost. */
  lost(now: number, from: 'sender' | 'peer'): boolean
  /** How late a timer of this length fires: up to an eighth (kernel/time/timer.c). */
  late(length: number): number
}

/** What the kernel has measured, in ms. */
export interface Timeouts {
  /** The retransmission timeout as long as nothing is retransmitted. Where round trips vary, it is longer than the least. */
  readonly firstRto: number
  /** The smoothed round trip, which may be longer than the path's: an outage in which an acknowledgement was lost seems to be one. */
  readonly roundTrip: number
  /** Whether a tail-loss probe goes before the first retransmission. It needs selective acknowledgements. */
  readonly probesTail: boolean
}

interface Timer {
  readonly kind: 'retransmit' | 'probe' | 'tail'
  readonly at: number
  /** `icsk_timeout`: when it should have expired. */
  readonly nominal: number
}

interface Packet {
  readonly at: number
  arrive(): void
}

export class KernelModel {
  now = 0
  /** When the kernel gave up the connection. */
  droppedAt: number | undefined
  userTimeout = 0
  rtoMax: number = SYSTEM_RTO_MAX
  /** Whether the program has ended: the kernel continues alone with the unsent data. */
  isOrphan = false
  /** What the program has written, without the end of its data (FIN). */
  written = 0
  /** Whether the program has called `end()`. */
  hasEnded = false
  #unsent = 0
  /** Sizes of the segments in flight, the oldest first. */
  #inFlight: number[] = []
  #bytesInFlight = 0
  /** `snd_una`: how much the peer has acknowledged. */
  #acknowledged = 0
  #window: number
  #pendingSince = 0
  #unheardSince = 0
  #rcvTstamp = 0
  /** tcp_chrono_start() with TCP_CHRONO_RWND_LIMITED */
  #limitedSince: number | undefined
  #limitedFor = 0
  #probesOut = 0
  #probesTstamp: number | undefined
  #retransmits = 0
  #retransStamp: number | undefined
  /** `high_seq`: what had been sent at the last timeout. Until all of it is acknowledged, `retrans_stamp` stays. */
  #highSeq = 0
  /** `snd_cwnd` since the last timeout, in segments: slow start, as long as that loss is repaired (tcp_slow_start()). */
  #lossWindow = 0
  /** How many of the oldest segments in flight were sent again since the last timeout. */
  #sentAgain = 0
  /** When the oldest segment in flight was sent last. */
  #sentAt = 0
  #emptySegments = 0
  #state = ESTABLISHED
  #backoff = 0
  #rto: number
  #timer: Timer | undefined
  /** Packets in transit, in order of arrival, because all take the same time. */
  #packets: Packet[] = []
  readonly #mss: number
  readonly #tick: number
  readonly #timeouts: Timeouts
  readonly #peer: Peer
  readonly #path: Path

  /**
   * @param tick the length of the kernel's ticks, in which it counts the silence
   */
  constructor(peer: Peer, path: Path, mss: number, tick: number, timeouts: Partial<Timeouts> = {}) {
    this.#timeouts = { firstRto: RTO_MIN, roundTrip: 2 * path.delay, probesTail: true, ...timeouts }
    this.#rto = this.#timeouts.firstRto
    this.#tick = tick
    this.#peer = peer
    this.#path = path
    this.#mss = mss
    this.#window = peer.window()
    peer.acknowledge = (withData) => this.#sendAcknowledgement(withData)
  }

  /** The program writes. */
  write(bytes: number): void {
    if (this.hasEnded) return
    this.written += bytes
    this.#queue(bytes)
  }

  /** The program calls `end()`. The FIN takes one sequence number, and waits for the window like a byte of data (tcp_send_fin()). */
  end(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.#state = FIN_WAIT_1
    this.#queue(1)
  }

  #queue(bytes: number): void {
    if (this.#unsent === 0 && this.#inFlight.length === 0) this.#pendingSince = this.now
    this.#unsent += bytes
    this.#transmit()
  }

  /** TCP_INFO. */
  look(): Look {
    return {
      state: this.droppedAt === undefined ? this.#state : 0,
      unacknowledged: this.droppedAt === undefined ? this.#inFlight.length : 0,
      unsent: this.droppedAt === undefined ? this.#unsent : 0,
      unansweredProbes: this.#probesOut,
      retransmits: this.#retransmits,
      silentFor: this.#ticks(this.now) - this.#ticks(this.#rcvTstamp),
      sendWindow: this.#window,
      windowLimitedFor:
        this.#limitedFor + (this.#limitedSince === undefined ? 0 : this.now - this.#limitedSince),
      retransmissionTimeout: this.#rto,
      backoff: this.#backoff,
      acknowledged: this.#acknowledged % 2 ** 31,
      emptySegments: this.#emptySegments,
      roundTrip: this.#timeouts.roundTrip,
      repairing: this.#retransStamp === undefined ? 0 : 1, // TCP_CA_Loss
    }
  }

  #ticks(time: number): number {
    return Math.floor(time / this.#tick) * this.#tick
  }

  /** The start of a deadline: the last packet received, or the write if nothing was pending before it. */
  get waitingSince(): number {
    return Math.max(this.#rcvTstamp, this.#pendingSince)
  }

  /** Since when no data in flight was acknowledged. */
  get unheardSince(): number {
    return this.#unheardSince
  }

  /**
   * A segment of the peer that acknowledges nothing new: data, or the end of its data (FIN), which is sent again like data, or a probe, which
   * is without data and has an old sequence number (tcp_validate_incoming() drops it).
   */
  hear(what: 'data' | 'end' | 'probe'): void {
    if (this.droppedAt !== undefined) return
    if (what === 'end') this.#state = this.hasEnded ? CLOSING : CLOSE_WAIT
    if (what === 'probe') this.#emptySegments++
    else this.#acknowledgementArrives(this.#acknowledged, this.#window, what === 'data')
  }

  /** Advances the time. */
  runUntil(end: number): void {
    for (let next = this.#next(); next <= end && this.droppedAt === undefined; next = this.#next()) {
      this.now = Math.max(this.now, next)
      this.#arriving()
      this.#expire()
    }
    this.now = Math.max(this.now, end)
  }

  #next(): number {
    const never = Number.POSITIVE_INFINITY
    return Math.min(this.#timer?.at ?? never, this.#packets[0]?.at ?? never)
  }

  #arriving(): void {
    for (let [packet] = this.#packets; packet && packet.at <= this.now; packet = this.#packets[0]) {
      this.#packets.shift()
      packet.arrive()
    }
  }

  #expire(): void {
    const timer = this.#timer
    if (timer === undefined || timer.at > this.now) return
    this.#timer = undefined
    if (timer.kind === 'probe') this.#probeTimer()
    else if (timer.kind === 'tail') this.#sendTail()
    else this.#retransmitTimer(timer.nominal)
  }

  /** tcp_reset_xmit_timer(). A later change of TCP_RTO_MAX_MS does not change the running timer. */
  #arm(kind: Timer['kind'], when: number): void {
    const length = Math.min(when, this.rtoMax)
    const nominal = this.now + Math.ceil(length)
    this.#timer = { kind, nominal, at: this.now + Math.ceil(length + this.#path.late(length)) } // in ticks of 1 ms
  }

  #drop(): void {
    this.droppedAt = this.now
    this.#timer = undefined
    this.#packets = []
  }

  #send(from: 'sender' | 'peer', arrive: () => void): void {
    if (this.#path.lost(this.now, from)) return
    this.#packets.push({ at: this.now + this.#path.delay, arrive })
  }

  /** tcp_write_xmit(): sends whole segments that fit into the window. */
  #transmit(): void {
    while (this.#unsent > 0 && this.#head() <= this.#room()) this.#transmitSegment(this.#head())
    this.#noteLimit(this.#unsent > 0)
    // tcp_check_probe_timer()
    if (this.#unsent > 0 && this.#inFlight.length === 0 && !this.#timer) this.#arm('probe', this.#probeBase())
  }

  #noteLimit(isLimited: boolean): void {
    if (isLimited) {
      this.#limitedSince ??= this.now
    } else if (this.#limitedSince !== undefined) {
      this.#limitedFor += this.now - this.#limitedSince
      this.#limitedSince = undefined
    }
  }

  /** The next segment. */
  #head(): number {
    return Math.min(this.#mss, this.#unsent)
  }

  /** The next buffer: as many segments as fit into one (tcp_sendmsg_locked(), net/ipv4/tcp.c). */
  #buffer(): number {
    return Math.min(Math.max(1, Math.floor(BUFFER / this.#mss)) * this.#mss, this.#unsent)
  }

  #room(): number {
    return this.#window - this.#bytesInFlight
  }

  #transmitSegment(size: number): void {
    if (this.#inFlight.length === 0) this.#unheardSince = this.#sentAt = this.now
    const offset = this.#acknowledged + this.#bytesInFlight
    this.#unsent -= size
    this.#inFlight.push(size)
    this.#bytesInFlight += size
    this.#send('sender', () => this.#peer.receive(offset, size))
    if (this.#timer === undefined || this.#timer.kind === 'probe') this.#armForLoss()
  }

  #sendAcknowledgement(withData = false): void {
    const [received, window] = [this.#peer.received, this.#peer.window()]
    this.#send('peer', () => this.#acknowledgementArrives(received, window, withData))
  }

  /** tcp_ack() */
  #acknowledgementArrives(received: number, window: number, withData: boolean): void {
    if (!withData) this.#emptySegments++
    if (received < this.#acknowledged) return
    this.#rcvTstamp = this.now
    this.#probesOut = 0
    this.#window = window
    if (this.#inFlight.length === 0) this.#acknowledgeProbe()
    else if (received > this.#acknowledged) this.#progress(received)
    this.#transmit()
  }

  #progress(received: number): void {
    const before = this.#inFlight.length
    for (let [size = 0] = this.#inFlight; this.#inFlight.length > 0; size = this.#inFlight[0] ?? 0) {
      if (this.#acknowledged + size > received) break
      this.#acknowledged += size
      this.#bytesInFlight -= size
      this.#inFlight.shift()
    }
    this.#unheardSince = this.now
    this.#retransmits = 0
    if (this.#acknowledged >= this.#highSeq) this.#retransStamp = undefined // tcp_process_loss(), tcp_try_to_open()
    this.#backoff = 0
    this.#rto = this.#timeouts.firstRto
    this.#timer = undefined // tcp_rearm_rto()
    if (this.#inFlight.length === 0) {
      if (this.#unsent === 0 && this.#state === FIN_WAIT_1) this.#state = FIN_WAIT_2
      return
    }
    this.#armForLoss()
    const taken = before - this.#inFlight.length
    this.#sentAgain = Math.max(0, this.#sentAgain - taken)
    this.#lossWindow += taken
    if (this.#retransStamp !== undefined) this.#retransmitLost()
  }

  /** tcp_ack_probe() */
  #acknowledgeProbe(): void {
    if (this.#unsent === 0) return
    if (this.#buffer() <= this.#window) {
      this.#backoff = 0
      this.#probesTstamp = undefined
      this.#timer = undefined
    } else {
      this.#arm('probe', this.#clampProbe(this.#probeWhen()))
    }
  }

  /** tcp_schedule_loss_probe(): unless a loss is being repaired, a tail-loss probe goes before the first retransmission. */
  #armForLoss(): void {
    if (this.#retransStamp !== undefined || !this.#timeouts.probesTail) {
      this.#arm('retransmit', this.#rto)
      return
    }
    const wait = 2 * this.#timeouts.roundTrip + (this.#inFlight.length === 1 ? DELAYED_ACK : 2)
    this.#arm('tail', Math.min(wait, this.#rto))
  }

  /** tcp_send_loss_probe(): the newest segment again. If there are older ones, the peer of this model can do nothing with it. */
  #sendTail(): void {
    const [size] = this.#inFlight
    if (size === undefined) return
    const offset = this.#acknowledged
    if (this.#inFlight.length === 1) {
      this.#sentAt = this.now
      this.#send('sender', () => this.#peer.receive(offset, size))
    }
    this.#arm('retransmit', this.#rto)
  }

  /** tcp_probe0_base() */
  #probeBase(): number {
    return Math.max(this.#rto, RTO_MIN)
  }

  /** tcp_probe0_when() */
  #probeWhen(): number {
    return Math.min(this.#probeBase() * 2 ** Math.min(this.#backoff, 10), this.rtoMax)
  }

  /** tcp_clamp_probe0_to_user_timeout() */
  #clampProbe(when: number): number {
    if (this.userTimeout === 0 || this.#probesTstamp === undefined) return when
    const remaining = this.userTimeout - (this.now - this.#probesTstamp)
    return Math.min(when, Math.max(remaining, TIMEOUT_MIN))
  }

  /** tcp_probe_timer() */
  #probeTimer(): void {
    if (this.#inFlight.length > 0 || this.#unsent === 0) {
      this.#endProbing()
      return
    }
    if (this.#probesTstamp === undefined) this.#probesTstamp = this.now
    else if (this.userTimeout > 0 && this.now - this.#probesTstamp >= this.userTimeout) {
      this.#drop()
      return
    }
    // If inet_csk_rto_backoff() is not shorter than TCP_RTO_MAX_MS, the kernel takes the peer for dead, whatever it answers.
    const isGivenUp = this.isOrphan && this.#rto * 2 ** this.#backoff >= this.rtoMax
    if (isGivenUp || this.#probesOut >= (this.isOrphan ? ORPHAN_RETRIES : RETRIES)) this.#drop()
    else this.#sendProbe()
  }

  /** tcp_send_probe0() and tcp_write_wakeup(): sends what fits into a small window, otherwise an empty segment. */
  #sendProbe(): void {
    const fitting = Math.min(this.#window, this.#head())
    if (fitting > 0) {
      this.#transmitSegment(fitting)
      this.#endProbing()
      this.#backoff = 0
      return
    }
    this.#send('sender', () => this.#peer.probe())
    this.#probesOut++
    if (this.#backoff < RETRIES) this.#backoff++
    this.#arm('probe', this.#clampProbe(this.#probeWhen()))
  }

  #endProbing(): void {
    this.#probesOut = 0
    this.#probesTstamp = undefined
  }

  /** tcp_retransmit_timer() */
  #retransmitTimer(nominal: number): void {
    if (this.#inFlight.length === 0) return
    const isTakenBack = this.#window === 0
    if (isTakenBack ? this.#isTakenBackForTooLong(nominal) : this.#isRetransmittedForTooLong()) {
      this.#drop()
      return
    }
    if (!isTakenBack) this.#retransmits++
    this.#highSeq = this.#acknowledged + this.#bytesInFlight // tcp_enter_loss()
    this.#lossWindow = 1
    this.#sentAgain = 0
    this.#retransmitLost()
    this.#retransStamp ??= this.now
    this.#backoff++
    this.#rto = Math.min(this.#rto * 2, this.rtoMax)
    this.#arm('retransmit', this.#clampRetransmission())
  }

  /** tcp_xmit_retransmit_queue() */
  #retransmitLost(): void {
    const again = this.#inFlight.slice(0, this.#sentAgain).reduce((sum, size) => sum + size, 0)
    for (let offset = this.#acknowledged + again; this.#sentAgain < this.#lossWindow; this.#sentAgain++) {
      const [from, size] = [offset, this.#inFlight[this.#sentAgain]]
      if (size === undefined || from >= this.#highSeq) return
      offset += size
      this.#sentAt = this.now
      this.#send('sender', () => this.#peer.receive(from, size))
    }
  }

  /** retransmits_timed_out() and tcp_model_timeout() */
  #isRetransmittedForTooLong(): boolean {
    if (this.#retransmits === 0 || this.#retransStamp === undefined) return false
    const threshold = Math.floor(Math.log2(this.rtoMax / RTO_MIN))
    const modelled = (2 ** (threshold + 1) - 1) * RTO_MIN + (RETRIES - threshold) * this.rtoMax
    return this.now - this.#retransStamp >= (this.userTimeout || modelled)
  }

  /** tcp_rtx_probe0_timed_out() */
  #isTakenBackForTooLong(nominal: number): boolean {
    const since = this.now - (this.#retransStamp ?? this.#sentAt)
    if (this.userTimeout > 0 && since > this.userTimeout) return true
    const timeout = Math.min(this.rtoMax * 2, this.userTimeout || Number.POSITIVE_INFINITY)
    return nominal - this.#rcvTstamp > timeout && since > timeout
  }

  /** tcp_clamp_rto_to_user_timeout() */
  #clampRetransmission(): number {
    if (this.userTimeout === 0 || this.#retransStamp === undefined) return this.#rto
    const remaining = this.userTimeout - (this.now - this.#retransStamp)
    return remaining <= 0 ? 1 : Math.min(this.#rto, remaining)
  }
}
