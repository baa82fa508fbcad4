/** ioredis: `connect` comes at each connection, also at each reconnection. Without an 'error' listener it prints errors itself. */
import { Redis } from 'ioredis'
import { holdKeepAlive } from 'tcp-keepalive'

export function connect(config) {
  const redis = new Redis(config)
  redis.on('connect', () => holdKeepAlive(redis.stream, { detectWithin: 30_000 }))
  redis.on('error', (error) => console.error(error.message))
  return redis
}
