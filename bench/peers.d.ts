/** The functions of the compared packages that are called. `npm run bench` installs these packages. */
declare module 'mitata' {
  export function measure(
    task: () => void,
    options: Readonly<{
      gc: () => void
      min_cpu_time: number
      min_samples: number
      batch_threshold: number
    }>,
  ): Promise<{ readonly p50: number }>
}

declare module 'net-keepalive' {
  import type { Socket } from 'node:net'
  const netKeepAlive: {
    setKeepAliveInterval(socket: Socket, ms: number): boolean
    setKeepAliveProbes(socket: Socket, probes: number): boolean
    setUserTimeout(socket: Socket, ms: number): boolean
  }
  export default netKeepAlive
}

declare module 'koffi' {
  type Foreign = (...values: unknown[]) => number
  const koffi: { load(library: string | null): { func(declaration: string): Foreign } }
  export default koffi
}

declare module 'ffi-rs' {
  const ffi: {
    readonly DataType: Readonly<Record<'I32' | 'U8Array', number>>
    open(library: Readonly<{ library: string; path: string }>): void
    load(call: Readonly<Record<string, unknown>>): number
  }
  export default ffi
}
