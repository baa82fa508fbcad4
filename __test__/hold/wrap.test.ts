import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import * as imported from 'tcp-keepalive'
import { holdKeepAlive, installKeepAlive } from 'tcp-keepalive'
import { readback } from '../../lab/readback/readback.ts'
import { ASKED, connected, HELD, listening, tracked } from './sockets.ts'

const NAMES = ['setKeepAlive', 'connect', '_destroy'] as const
type Method = (...args: unknown[]) => unknown

const prototype = net.Socket.prototype as unknown as Record<string, Method>
const descriptors = (): object =>
  Object.fromEntries(NAMES.map((name) => [name, Object.getOwnPropertyDescriptor(net.Socket.prototype, name)]))
const pristine = descriptors()
const allNames = Reflect.ownKeys(net.Socket.prototype)

// Serial, because all these tests change the same prototype.

test.serial('importing changes no prototype', (t) => {
  const program = `
    const { Socket } = require('node:net')
    const before = Object.getOwnPropertyDescriptors(Socket.prototype)
    require('tcp-keepalive')
    const after = Object.getOwnPropertyDescriptors(Socket.prototype)
    console.log(Reflect.ownKeys(before).every((key) => before[key].value === after[key].value))`
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  t.is(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8', cwd }), 'true\n')
})

test.serial('the end of the last hold restores the identical property descriptors', async (t) => {
  const { port } = await listening(t)
  t.deepEqual(descriptors(), pristine)
  const one = installKeepAlive(ASKED, { match: 1 })
  const two = installKeepAlive(ASKED)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  const hold = holdKeepAlive(socket, ASKED)
  const server = net.createServer()
  const serverHold = holdKeepAlive(server, ASKED)
  for (const name of NAMES) t.not(prototype[name], (pristine as typeof prototype)[name])
  one.uninstall()
  hold.release()
  serverHold.release()
  t.notDeepEqual(descriptors(), pristine)
  two.uninstall()
  two.uninstall()
  hold.release()
  t.deepEqual(descriptors(), pristine)
  t.deepEqual(Reflect.ownKeys(net.Socket.prototype), allNames)
})

test.serial(
  'a method that other code has made an accessor is wrapped too, and is the same accessor again afterwards',
  (t) => {
    const program = `
    const net = require('node:net')
    const { getKeepAlive, installKeepAlive } = require('tcp-keepalive')
    const method = net.Socket.prototype.connect
    const accessor = { configurable: true, enumerable: true, get: () => method, set() {} }
    Object.defineProperty(net.Socket.prototype, 'connect', accessor)
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const install = installKeepAlive({ time: 11_000 })
      const socket = net.connect(server.address().port, '127.0.0.1', () => {
        install.uninstall()
        const { get, set } = Object.getOwnPropertyDescriptor(net.Socket.prototype, 'connect')
        console.log(getKeepAlive(socket).time, get === accessor.get, set === accessor.set)
        process.exit()
      })
    })`
    const cwd = fileURLToPath(new URL('.', import.meta.url))
    t.is(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8', cwd }), '11000 true true\n')
  },
)

test.serial('if one method is frozen, hold throws, and no method stays wrapped', (t) => {
  const program = `
    const net = require('node:net')
    const { Socket } = net
    const { holdKeepAlive, installKeepAlive } = require('tcp-keepalive')
    Object.defineProperty(Socket.prototype, 'connect', { configurable: false, writable: false })
    const names = ['setKeepAlive', 'connect', '_destroy']
    const before = names.map((name) => Socket.prototype[name])
    const socket = new Socket()
    const server = net.createServer()
    for (const begin of [
      () => installKeepAlive({ time: 9000 }),
      () => holdKeepAlive(socket, { time: 9000 }),
      () => holdKeepAlive(server, { time: 9000 }),
      () => installKeepAlive({ time: 9000 }),
    ]) {
      try {
        begin()
      } catch (error) {
        console.log(error.name, names.every((name, i) => Socket.prototype[name] === before[i]))
      }
    }
    console.log(socket.listenerCount('connect') + server.listenerCount('connection'))`
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  const printed = execFileSync(process.execPath, ['-e', program], { encoding: 'utf8', cwd })
  t.is(printed, `${'TypeError true\n'.repeat(4)}0\n`)
})

for (const [what, freeze] of [
  ['the whole prototype', 'Object.freeze(Socket.prototype)'],
  [
    'one method',
    "Object.defineProperty(Socket.prototype, 'connect', { configurable: false, writable: false })",
  ],
] as const) {
  test.serial(
    `frozen during an install, ${what}: uninstall() does not throw, and the next install works`,
    (t) => {
      const program = `
      const net = require('node:net')
      const { Socket } = net
      void [process.stdout, process.stderr] // which Node makes with an assignment that a frozen prototype forbids
      const { getKeepAlive, installKeepAlive } = require('tcp-keepalive')
      const first = installKeepAlive({ time: 9000, interval: 9000, retries: 4 })
      ${freeze}
      first.uninstall()
      const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
      const next = (then) => {
        const socket = net.connect(server.address().port, '127.0.0.1', () => {
          socket.setKeepAlive(true, 5000)
          const { time, interval } = getKeepAlive(socket)
          console.log(time, interval)
          socket.destroy()
          then?.()
        })
      }
      server.on('listening', () => next(() => {
        for (let round = 0; round < 2; round++) {
          const second = installKeepAlive({ time: 8000, interval: 3000, retries: 4 })
          if (round === 0) second.uninstall()
        }
        next(() => server.close())
      }))`
      const cwd = fileURLToPath(new URL('.', import.meta.url))
      const printed = execFileSync(process.execPath, ['-e', program], { encoding: 'utf8', cwd })
      t.is(printed, '5000 1000\n8000 3000\n')
    },
  )
}

test.serial('wrapped methods keep their name, number of parameters and attributes', (t) => {
  const installed = installKeepAlive(ASKED, { match: 1 })
  for (const name of NAMES) {
    const before = (pristine as Record<string, PropertyDescriptor>)[name]
    const now = Object.getOwnPropertyDescriptor(net.Socket.prototype, name)
    for (const property of ['name', 'length']) {
      t.deepEqual(
        Object.getOwnPropertyDescriptor(now?.value, property),
        Object.getOwnPropertyDescriptor(before?.value, property),
      )
    }
    t.deepEqual({ ...now, value: 0 }, { ...before, value: 0 })
  }
  installed.uninstall()
})

test.serial('wrapped methods pass on every argument, and what is returned or thrown', async (t) => {
  const { port } = await listening(t)
  const original = prototype['setKeepAlive']
  const calls: unknown[][] = []
  prototype['setKeepAlive'] = function (this: unknown, ...args) {
    calls.push([this, ...args])
    return 'returned'
  }
  const installed = installKeepAlive(ASKED, { match: 1 })
  const socket = new net.Socket() as unknown as Record<string, Method>
  t.is(socket['setKeepAlive']?.(true, 5000, 2000, 3, 'more'), 'returned')
  t.is(socket['setKeepAlive']?.(), 'returned')
  t.deepEqual(calls, [[socket, true, 5000, 2000, 3, 'more'], [socket]])
  installed.uninstall()
  if (original) prototype['setKeepAlive'] = original

  const second = installKeepAlive(ASKED)
  t.throws(() => new net.Socket().connect({} as never), { code: 'ERR_MISSING_ARGS' })
  t.throws(() => new net.Socket().connect(70_000), { code: 'ERR_SOCKET_BAD_PORT' })
  const plain = tracked(t, new net.Socket())
  t.is(plain.connect(port, '127.0.0.1'), plain)
  t.is(plain.destroy(), plain)
  second.uninstall()
  t.deepEqual(descriptors(), pristine)
})

test.serial(
  'if somebody else wraps our method, ours stays in place and only forwards; theirs is not changed',
  async (t) => {
    const { port } = await listening(t)
    const installed = installKeepAlive(ASKED)
    const ours = prototype['setKeepAlive'] as Method
    let called = 0
    const theirs: Method = function (this: unknown, ...args) {
      called++
      return Reflect.apply(ours, this, args)
    }
    prototype['setKeepAlive'] = theirs
    const socket = await connected(t, net.connect(port, '127.0.0.1'))
    installed.uninstall()
    t.is(prototype['setKeepAlive'], theirs)
    t.is(prototype['connect'], (pristine as Record<string, PropertyDescriptor>)['connect']?.value)
    socket.setKeepAlive(true, 5000)
    t.is(readback(socket).time, 5)
    t.is(called, 1)

    // A new install wraps above theirs, and restores theirs.
    const again = installKeepAlive(ASKED)
    const other = await connected(t, net.connect(port, '127.0.0.1'))
    other.setKeepAlive(true, 5000)
    t.deepEqual(readback(other), HELD)
    again.uninstall()
    t.is(prototype['setKeepAlive'], theirs)
    prototype['setKeepAlive'] = (pristine as Record<string, PropertyDescriptor>)['setKeepAlive']
      ?.value as Method
    t.deepEqual(descriptors(), pristine)
  },
)

test.serial('both module formats share one state', async (t) => {
  const { port } = await listening(t)
  const required = createRequire(import.meta.url)('tcp-keepalive') as typeof imported
  const installed = imported.installKeepAlive(ASKED)
  const wrapped = descriptors()
  const second = required.installKeepAlive(ASKED, { match: 1 })
  t.deepEqual(descriptors(), wrapped) // wrapped once
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  t.deepEqual(readback(socket), HELD)
  required.setKeepAlive(socket, { time: 9000 })
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), { ...HELD, time: 9 })
  const hold = required.holdKeepAlive(socket, ASKED)
  imported.setKeepAlive(socket, { retries: 7 })
  socket.setKeepAlive(true, 5000)
  t.is(readback(socket).retries, 7)
  hold.release()
  second.uninstall()
  t.deepEqual(descriptors(), wrapped)
  installed.uninstall()
  t.deepEqual(descriptors(), pristine)
})

test.serial('a held socket without references is garbage-collected, and its hold with it', async (t) => {
  const program = `
    const net = require('node:net')
    const { holdKeepAlive, installKeepAlive } = require('tcp-keepalive')
    installKeepAlive({ time: 16000 })
    let gone = 0
    const registry = new FinalizationRegistry(() => gone++)
    const server = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      let left = 20
      for (let i = 0; i < 20; i++) {
        const socket = net.connect(port, '127.0.0.1')
        registry.register(socket)
        holdKeepAlive(socket, { time: 20000 + i * 1000 })
        socket.on('connect', () => socket.destroy()).on('close', () => {
          if (--left === 0) server.close(check)
        })
      }
    })
    let tries = 500
    function check() {
      gc()
      if (gone >= 19 || --tries === 0) console.log(gone >= 19) // one may still be on the stack
      else setTimeout(check, 20)
    }`
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  const printed = execFileSync(process.execPath, ['--expose-gc', '-e', program], { encoding: 'utf8', cwd })
  t.is(printed, 'true\n')
})

test.serial(
  'a socket that is destroyed within connect(), or never connects, leaves nothing behind',
  async (t) => {
    const installed = installKeepAlive(ASKED)
    const refused = new net.Socket()
    refused.connect(1, '127.0.0.1')
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException]
    t.is(error.code, 'ECONNREFUSED')
    const aborted = net.connect({ port: 1, host: '127.0.0.1', signal: AbortSignal.abort() })
    await once(aborted, 'error')
    installed.uninstall()
    t.deepEqual(descriptors(), pristine)
  },
)
