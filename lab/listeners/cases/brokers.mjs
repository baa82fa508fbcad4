/** Clients of message brokers. case.ts describes the fields. */
import { persist } from '../../clients/shared.mjs'

export default {
  'amqplib: `connect()`': {
    package: 'amqplib',
    listener: "`connection.on('error', …)`",
    emits: ['idle', 'asked'],
    rejects: 'Channel ended, no reply will be forthcoming',
    connect: async ({ connect }, { host, ports }, listen) =>
      listen(await connect({ hostname: host, port: ports.rabbitmq })).createChannel(),
    ask: (channel) => channel.assertQueue('', { exclusive: true }),
  },
  'nats: `connect()`': {
    package: 'nats',
    rejects: 'DISCONNECT DISCONNECT',
    async open({ connect }, { host, ports }) {
      const servers = `${host}:${ports.nats}`
      const connection = await connect({
        servers,
        tls: null,
        reconnectTimeWait: 100,
        maxReconnectAttempts: -1,
      })
      const ask = () => connection.flush()
      await ask()
      return { call: ask, again: () => persist(ask) } // a call rejects while the client reconnects
    },
  },
  'mqtt: `connect()`': {
    program: 'mqtt',
    emits: ['idle', 'asked'],
  },
}
