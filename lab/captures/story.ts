/** What docs/captures.json holds: what passed between a client and its server. Times are in milliseconds. */

export const STORIES = ['alive', 'restarted', 'gone', 'in-flight', 'unreachable'] as const

export type StoryName = (typeof STORIES)[number]

export interface Captures {
  /** As "Linux 6.18.0". */
  readonly system: string
  readonly detectWithin: number
  readonly stories: Readonly<Record<StoryName, Story>>
}

export interface Story {
  /** Since the peer was last heard, or since the write where there is one. */
  readonly sent: readonly Sent[]
  readonly happened: readonly Happening[]
  /** When the program got the error; `undefined`: it got none. */
  readonly told?: { readonly at: number; readonly code: string; readonly outcome: string }
  /** When the recording ended. */
  readonly until: number
  /** The same as tcpdump says it. */
  readonly tcpdump: readonly string[]
}

export interface Sent {
  readonly at: number
  readonly from: Place
  readonly to: 'client' | 'server'
  readonly what: 'probe' | 'ACK' | 'RST' | 'data' | 'data, again' | 'ICMP: host unreachable'
  /** Whether it got beyond the router. */
  readonly arrives: boolean
}

export type Place = 'client' | 'router' | 'server'

/** Something that was done to the network, or that the program did. */
export interface Happening {
  readonly at: number
  readonly what: 'the cable is cut' | 'the server restarts' | 'no way any more' | 'write()'
}
