/** The content of docs/captures.json: the packets between a client and its server. Times are in milliseconds. */

export const STORIES = ['alive', 'restarted', 'gone', 'in-flight', 'unreachable'] as const

export type StoryName = (typeof STORIES)[number]

export interface Captures {
  /** Such as "Linux 6.18.0". */
  readonly system: string
  readonly detectWithin: number
  readonly stories: Readonly<Record<StoryName, Story>>
}

export interface Story {
  /** From the last packet of the peer, or from the write if there is one. */
  readonly sent: readonly Sent[]
  readonly happened: readonly Happening[]
  /** The program's error; `undefined`: it got none. */
  readonly told?: { readonly at: number; readonly code: string; readonly outcome: string }
  readonly until: number
  /** The same packets in tcpdump's words. */
  readonly tcpdump: readonly string[]
}

export interface Sent {
  readonly at: number
  readonly from: Place
  readonly to: 'client' | 'server'
  readonly what: 'probe' | 'ACK' | 'RST' | 'data' | 'data, again' | 'ICMP: host unreachable'
  /** Whether it passed the router. */
  readonly arrives: boolean
}

export type Place = 'client' | 'router' | 'server'

/** A change of the network, or an action of the program. */
export interface Happening {
  readonly at: number
  readonly what: 'the cable is cut' | 'the server restarts' | 'no way any more' | 'write()'
}
