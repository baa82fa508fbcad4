/** Clients of message brokers. What a case says is described in case.ts. */

import { setTimeout as sleep } from 'node:timers/promises'

const ask = (channel) => channel.assertQueue('', { exclusive: true })

export default {
  'amqplib: `connect()`': {
    package: 'amqplib',
    listener: "`connection.on('error', …)`",
    emits: ['idle', 'asked'],
    ends: ['idle', 'asked'],
    rejects: 'Channel ended, no reply will be forthcoming',
    async open({ connect: open }, { host, ports }, listen) {
      const connect = async () => listen(await open({ hostname: host, port: ports.rabbitmq })).createChannel()
      const channel = await connect()
      return { call: () => ask(channel), again: async () => ask(await connect()) }
    },
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
      // While it is connecting again a call may reject at once.
      const again = async () => {
        while (
          !(await ask().then(
            () => true,
            () => false,
          ))
        )
          await sleep(100)
      }
      return { call: ask, again }
    },
  },
  'mqtt: `connect()`': {
    program: 'mqtt',
    emits: ['idle', 'asked'],
  },
}
