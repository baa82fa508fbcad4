/** ioredis: no command is given to a connection whose server has fallen silent. */
import { Redis } from 'ioredis'
import { getTcpInfo, holdKeepAlive } from 'tcp-keepalive'

const VALUES = { time: 2000, interval: 2000, retries: 5, userTimeout: 11_500 }

export function connect(config) {
  const redis = new Redis(config)
  redis.on('connect', () => holdKeepAlive(redis.stream, VALUES))
  redis.on('error', (error) => console.error(error.message))
  return redis
}

/** Before a command that must not hang: `check(redis).get('key')`. */
export function check(redis) {
  // It connects again by its retryStrategy, and commands wait for that.
  if (redis.status === 'ready' && isOverdue(redis.stream)) redis.stream.destroy()
  return redis
}

/** Whether the peer has left probes unanswered, or data unacknowledged so long that it was sent again. */
function isOverdue(socket) {
  if (socket.destroyed) return true
  const { unansweredProbes = 0, retransmits = 0 } = getTcpInfo(socket)
  return unansweredProbes > 0 || retransmits > 0
}
