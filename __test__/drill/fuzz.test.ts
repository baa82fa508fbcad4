/** Cut, restore, connect and destroy in any order: no other socket is changed, and none stays cut off. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { inspectSockets } from 'tcp-keepalive'
import { cutOff, type Drill } from 'tcp-keepalive/drill'
import * as native from 'tcp-keepalive/native'
import { rawDescriptor } from '../../lab/readback/readback.ts'
import { Random } from '../../reliability/random.ts'
import { drawSeed } from '../seed.ts'

const STEPS = 3000
const MOST_SOCKETS = 12
const BYSTANDERS = 4

/** A setting of the program's own, which lets everything in on loopback. */
const SETTINGS = [0, 1, 64] as const

interface Own {
  readonly socket: net.Socket
  readonly setting: number
  readonly drills: Drill[]
}

const values = new Int32Array(4)

function minimum(fd: number): number {
  const status = native.getHopMinimum(fd, values)
  if (status !== 0) throw new Error(`status ${status}`)
  return values[0] ?? -1
}

async function connected(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  return socket
}

async function echoes(socket: net.Socket): Promise<boolean> {
  socket.write('echo')
  return String((await once(socket, 'data'))[0]) === 'echo'
}

test('cut, restore, connect and destroy in any order: no other socket changes, none stays cut off', async (t) => {
  const seed = drawSeed()
  t.log(`seed ${seed}`)
  const random = new Random(seed)
  const server = net
    .createServer((socket) => void socket.on('error', () => {}).pipe(socket))
    .listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const foreign = fork(fileURLToPath(new URL('foreign.cjs', import.meta.url)), [String(port)], {
    execArgv: [],
  })
  t.teardown(() => foreign.disconnect())
  await once(foreign, 'message')
  const bystanders = await Promise.all(Array.from({ length: BYSTANDERS }, () => connected(port)))
  let own: Own[] = []
  const late: Drill[] = []
  let restores = 0
  const restore = (drill: Drill | undefined): void => {
    drill?.restore()
    restores += drill ? 1 : 0
  }
  type Step = () => Promise<void> | void
  const steps: readonly [Step, ...Step[]] = [
    async () => {
      if (own.length >= MOST_SOCKETS) return
      const socket = await connected(port)
      const setting = random.pick(SETTINGS)
      native.setHopMinimum(rawDescriptor(socket), setting, -1)
      own.push({ socket, setting, drills: [] })
    },
    () => {
      const { socket, drills } = random.pick(own) ?? {}
      if (socket) drills?.push(cutOff(random.oneIn(2) ? socket : rawDescriptor(socket)))
    },
    () => {
      const { drills = [] } = random.pick(own) ?? {}
      restore(drills.splice(random.below(drills.length), 1)[0])
    },
    async () => {
      if (!random.oneIn(3)) return
      const gone = random.pick(own)
      if (!gone) return
      own = own.filter((one) => one !== gone)
      late.push(...gone.drills)
      gone.socket.destroy()
      if (random.oneIn(2)) await once(gone.socket, 'close')
    },
    () => restore(late.splice(random.below(late.length), 1)[0]),
  ]
  for (let step = 0; step < STEPS; step++) {
    await random.pick(steps)()
    for (const { socket, setting, drills } of own) {
      if (socket.destroyed) throw new Error('a connection has ended by itself')
      const held = minimum(rawDescriptor(socket))
      if (held !== (drills.length > 0 ? 255 : setting)) throw new Error(`step ${step}: ${held}`)
    }
    for (const socket of bystanders) if (minimum(rawDescriptor(socket)) !== 0) throw new Error(`step ${step}`)
  }
  t.true(restores > STEPS / 20, `${restores}`)
  for (const { drills } of own) for (const drill of drills) restore(drill)
  for (const drill of late) restore(drill)
  for (const { descriptor } of inspectSockets()) t.true(minimum(descriptor) < 255)
  for (const { socket } of own) t.true(await echoes(socket))
  for (const socket of bystanders) t.true(await echoes(socket))
  foreign.send('?')
  t.deepEqual(
    (await once(foreign, 'message'))[0],
    Array.from({ length: 4 }, () => [0, 'echo']),
  )
  for (const { socket } of own) socket.destroy()
  for (const socket of bystanders) socket.destroy()
  server.close()
})
