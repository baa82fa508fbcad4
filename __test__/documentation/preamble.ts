/**
 * The names that a block of code in the documentation may use without declaring them: the package's exports, and what every such
 * program has.
 */
import type net from 'node:net'
import type { Redis } from '../../examples/node_modules/ioredis'

export * from 'tcp-keepalive'
export { default as pg } from 'pg'
export type { PoolConnection } from '../../examples/node_modules/mysql2/promise'

export declare const socket: net.Socket
export declare const server: net.Server
export declare const redis: Redis
export declare function openConnection(): Promise<{ readonly stream: net.Socket }>

/** mysql2 has the socket, but its typings leave it out. */
declare module '../../examples/node_modules/mysql2/promise' {
  interface PoolConnection {
    readonly stream: net.Socket
  }
}
