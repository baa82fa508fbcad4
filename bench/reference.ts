/** The same system calls in C (reference.c), which `npm run bench` compiles. */
import { createRequire } from 'node:module'

interface Reference {
  setEach(fds: Int32Array, userTimeoutMs: number): void
  get(fd: number, times: number): void
  tcpInfoEach(fds: Int32Array): void
  scan(lastDescriptor: number): void
  /** @returns the number of TCP sockets */
  inspectEach(lastDescriptor: number): number
  /** One call, whose own time is included. */
  setOnce(
    fd: number,
    enabled: boolean,
    timeSeconds: number,
    intervalSeconds: number,
    retries: number,
    userTimeoutMs: number,
  ): number
  /** Calls `task`. callgrind counts meanwhile. */
  count(task: () => void): void
}

const path = process.env['BENCH_REFERENCE']
if (path === undefined) throw new Error('BENCH_REFERENCE is not set: start this by npm run bench')

export const c = createRequire(import.meta.url)(path) as Reference

/** No user timeout. */
export const NONE = -1

/** The same, and the first option shows whether it is a TCP socket, as in the package: one system call less. */
export const TIME_FIRST = -2
