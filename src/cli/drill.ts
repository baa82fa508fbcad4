/** `tcp-keepalive drill`: cuts connections of a running program off, and shows who is told. */
import type { DrillReport } from './drill-findings.ts'
import { drillSummary, drillTable } from './drill-text.ts'
import { Drilled, isCut, keyOf } from './drilled.ts'
import { type ProcessSocket, socketsOf } from './process-sockets.ts'
import { peerMatcher, type PeerMatcher } from '../settings/match.ts'
import { checkHopMinimum, putHopMinimum, readHopMinimum } from '../socket/hop-minimum.ts'
import { withSocketOf } from '../socket/other-process.ts'
import { paintFor, say, sayJson } from './terminal.ts'
import { durationOf, parse, UsageError } from './usage.ts'

const LOOK_MS = 100

/** What `register` does unasked. */
const WITHIN_MS = 60_000

/** So long after all are told, for a new connection to come. */
const NEW_MS = 3000

const STOP = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export async function drill(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, {
    match: { type: 'string', multiple: true },
    within: { type: 'string' },
    for: { type: 'string' },
    new: { type: 'boolean' },
    heal: { type: 'boolean' },
    json: { type: 'boolean' },
  })
  const pid = pidOf(positionals)
  checkHopMinimum()
  if (values.heal) return heal(pid)
  if (values.match === undefined)
    throw new UsageError('say which connections, as --match "*:5432": a drill breaks them on purpose')
  const session = new Session(pid, matcherOf(values.match), {
    within: values.within === undefined ? WITHIN_MS : durationOf('within', values.within),
    time: values.for === undefined ? undefined : durationOf('for', values.for),
    withNew: values.new === true,
  })
  const report = await session.run(values.json ? () => {} : liveTable(process.stdout))
  if (values.json) sayJson(report)
  else for (const line of drillSummary(report, paintFor(process.stdout))) say(line)
  return report.healed && report.connections.every(({ inTime }) => inTime) ? 0 : 1
}

function pidOf(positionals: readonly string[]): number {
  const [text = '', ...others] = positionals
  if (!/^[1-9]\d{0,9}$/.test(text) || others.length > 0) throw new UsageError('say which process, by its PID')
  return Number(text)
}

function matcherOf(patterns: string[]): PeerMatcher {
  try {
    return peerMatcher(patterns.flatMap((text) => text.split(',')))
  } catch (error) {
    throw new UsageError(`--match: ${(error as Error).message}`)
  }
}

/** Only an address is known from outside, and no name. */
function isMeant(matcher: PeerMatcher, { remote: { address, port }, state }: ProcessSocket): boolean {
  return state === 'established' && matcher.late({ host: address, address, port })
}

interface Asked {
  readonly within: number
  readonly time: number | undefined
  readonly withNew: boolean
}

type Show = (connections: DrillReport['connections']) => void

class Session {
  readonly #pid: number
  readonly #matcher: PeerMatcher
  readonly #asked: Asked
  readonly #drilled = new Map<string, Drilled>()
  readonly #at = performance.now()
  #newAfter: number | undefined
  #allToldAt: number | undefined

  constructor(pid: number, matcher: PeerMatcher, asked: Asked) {
    this.#pid = pid
    this.#matcher = matcher
    this.#asked = asked
  }

  /** Whatever happens, everything is put back. */
  async run(show: Show): Promise<DrillReport> {
    let stop = (): void => {}
    const stopped = new Promise<void>((resolve) => (stop = resolve))
    for (const signal of STOP) process.on(signal, stop)
    let healed = false
    try {
      this.#cutMatching(false)
      if (this.#drilled.size === 0) {
        throw new Error(`process ${this.#pid} has no such connection (from outside only addresses and ports can be matched)`)
      }
      await this.#watch(show, stopped)
    } finally {
      healed = [...this.#drilled.values()].map((each) => each.heal()).every(Boolean)
      for (const signal of STOP) process.off(signal, stop)
    }
    return {
      pid: this.#pid,
      within: this.#asked.within,
      connections: this.#findings(),
      newConnectionAfter: this.#newAfter,
      healed,
    }
  }

  async #watch(show: Show, stopped: Promise<void>): Promise<void> {
    let isStopped = false
    while (!isStopped) {
      for (const each of this.#drilled.values()) each.look()
      this.#lookForNew()
      show(this.#findings())
      if (this.#isOver()) return
      isStopped = await Promise.race([stopped.then(() => true), pause(LOOK_MS)])
    }
  }

  #findings(): DrillReport['connections'] {
    return [...this.#drilled.values()].map(({ finding }) => finding)
  }

  #isOver(): boolean {
    const { time } = this.#asked
    const now = performance.now()
    if (time !== undefined && now - this.#at > time) return true
    const findings = this.#findings()
    const isTold = findings.every(({ fate }) => fate !== 'cut')
    if (!isTold) {
      this.#allToldAt = undefined
      return false
    }
    if (time !== undefined && findings.some(({ fate }) => fate === 'late')) return false
    this.#allToldAt ??= now
    const isAwaited = findings.some(({ fate }) => fate === 'told') && this.#newAfter === undefined
    return !isAwaited || now - this.#allToldAt > NEW_MS
  }

  #lookForNew(): void {
    if (this.#asked.withNew) {
      this.#cutMatching(true)
      return
    }
    if (this.#newAfter === undefined && this.#matching().some((socket) => !this.#drilled.has(keyOf(socket))))
      this.#newAfter = Math.round(performance.now() - this.#at)
  }

  #cutMatching(isNew: boolean): void {
    for (const socket of this.#matching()) {
      const key = keyOf(socket)
      if (this.#drilled.has(key)) continue
      const drilled = Drilled.cut(this.#pid, socket, this.#asked.within, isNew)
      if (drilled) this.#drilled.set(key, drilled)
    }
  }

  #matching(): ProcessSocket[] {
    try {
      return socketsOf(this.#pid).sockets.filter((socket) => isMeant(this.#matcher, socket))
    } catch (error) {
      if (this.#drilled.size > 0) return [] // the process has ended
      throw error
    }
  }
}

async function pause(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms))
}

/** What a drill left that was killed; what was there before is not known, and hardly ever anything but 0. */
function heal(pid: number): number {
  let healed = 0
  for (const { descriptor } of socketsOf(pid).sockets) {
    withSocketOf(pid, descriptor, (fd) => {
      const hops = readHopMinimum(fd)
      if (!isCut(hops)) return
      putHopMinimum(fd, { v4: 0, v6: hops.v6 < 0 ? -1 : 0 })
      healed += 1
    })
  }
  say(healed === 1 ? '1 connection was cut off, and is healed' : `${healed} connections were cut off, and are healed`)
  return 0
}

/** On a terminal one table stays, elsewhere a new one is printed where something has changed. */
function liveTable(stream: NodeJS.WriteStream): Show {
  const paint = paintFor(stream)
  let height = 0
  let last = ''
  return (connections) => {
    const lines = drillTable(connections, paint)
    const text = lines.map((line) => `\u001B[2K${line}\n`).join('')
    if (text === last) return
    last = text
    if (stream.isTTY) stream.write((height === 0 ? '' : `\r\u001B[${height}A`) + text)
    else say(lines.join('\n'))
    height = lines.length
  }
}
