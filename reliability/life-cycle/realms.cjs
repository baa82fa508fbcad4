// Passes objects of another vm context to the package. Also loads the package in one, as test runners do: its globals then differ
// from those of Node's own modules. Prints the number of checks.
'use strict'
const assert = require('node:assert')
const { subscribe } = require('node:diagnostics_channel')
const { readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const net = require('node:net')
const { dirname } = require('node:path')
const vm = require('node:vm')
const here = require('tcp-keepalive')
const native = require('tcp-keepalive/native')
const { HELD: VALUES, open, checkAll } = require('./shared.cjs')

const context = vm.createContext({ Buffer, process, net })
/** The value of an expression of the other context. */
const foreign = (expression) => vm.runInContext(`(${expression})`, context)
const written = JSON.stringify(VALUES)

const filesThere = new Map()

/** Loads a file of the package, and the files that it requires, with the other context's globals. */
function loadThere(file) {
  const known = filesThere.get(file)
  if (known) return known.exports
  const module = { exports: {} }
  filesThere.set(file, module)
  const ordinary = createRequire(file)
  const requireThere = (name) => (name.startsWith('.') ? loadThere(ordinary.resolve(name)) : ordinary(name))
  const wrapper = foreign(
    `function (module, exports, require, __filename, __dirname) {${readFileSync(file, 'utf8')}}`,
  )
  wrapper(module, module.exports, requireThere, file, dirname(file))
  return module.exports
}
const there = loadThere(require.resolve('tcp-keepalive'))

const checks = {
  'options of another realm are accepted': ({ setKeepAlive, getKeepAlive }, { client }) => {
    for (const options of [foreign(written), foreign(`Object.assign(Object.create(null), ${written})`)]) {
      setKeepAlive(client, false)
      setKeepAlive(client, options)
      assert.deepStrictEqual({ ...getKeepAlive(client) }, { enabled: true, ...VALUES })
    }
  },

  'invalid options of another realm are a typed error': ({ setKeepAlive, installKeepAlive }, { client }) => {
    const code = 'ERR_INVALID_ARG_TYPE'
    for (const wrong of ['[]', '() => {}', "'30s'", 'true', 'null', '10n', "Symbol('x')"]) {
      assert.throws(() => setKeepAlive(client, foreign(wrong)), { name: 'TypeError', code }, wrong)
    }
    assert.throws(() => setKeepAlive(client, foreign('{ time: new Number(9000) }')), { code })
    assert.throws(() => setKeepAlive(client, foreign('{ idle: 1 }')), {
      code: 'ERR_TCP_KEEPALIVE_UNKNOWN_OPTION',
    })
    assert.throws(() => installKeepAlive(VALUES, foreign('[1]')), { code })
    assert.throws(() => installKeepAlive(VALUES, { match: foreign('/5432/') }), { code })
  },

  'a match of another realm is accepted': async ({ installKeepAlive, getKeepAlive }, { port, connect }) => {
    for (const match of [`[${port}]`, `() => true`, `['nobody', '*:${port}']`]) {
      const installed = installKeepAlive(VALUES, foreign(`{ match: ${match} }`))
      assert.strictEqual(getKeepAlive(await connect()).time, VALUES.time, match)
      installed.uninstall()
    }
  },

  'a match that returns a promise of another realm is reported, and its rejection does not end the program':
    async ({ installKeepAlive, getKeepAlive }, { connect }) => {
      const match = foreign("async () => { throw new Error('nobody waits for it') }")
      const installed = installKeepAlive(VALUES, { match })
      assert.strictEqual(getKeepAlive(await connect()).enabled, false)
      installed.uninstall()
    },

  'a class of another realm that extends net.Socket is a socket, and a look-alike is not': async (
    { setKeepAlive, getKeepAlive, holdKeepAlive },
    { connect },
  ) => {
    const socket = await connect(foreign('new (class extends net.Socket {})()'))
    setKeepAlive(socket, VALUES)
    assert.strictEqual(getKeepAlive(socket).time, VALUES.time)
    const lookAlike = foreign('{ _handle: { fd: 0 }, connecting: false, destroyed: false }')
    for (const call of [setKeepAlive, holdKeepAlive]) {
      assert.throws(() => call(lookAlike, VALUES), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    }
  },

  'the binding fills an array of another realm': (_, { client }) => {
    const values = foreign('new Int32Array(5)')
    assert.strictEqual(native.getKeepAlive(client._handle.fd, values), 0)
    assert.ok(values[1] > 0)
  },

  'outcomeOf reads an error of another realm': ({ outcomeOf }) => {
    const error = foreign("Object.assign(new Error('x', { cause: { code: 'ECONNRESET', syscall: 'read' } }))")
    assert.strictEqual(outcomeOf(error), 'reset')
  },

  'the loss of a held connection is published': async ({ holdKeepAlive }, { connect, accepted }) => {
    const losses = []
    const note = ({ outcome }) => losses.push(outcome)
    subscribe('tcp-keepalive:lost', note)
    const socket = await connect()
    const hold = holdKeepAlive(socket, VALUES)
    const closed = new Promise((resolve) => socket.on('close', resolve))
    accepted.at(-1).resetAndDestroy()
    await closed
    hold.release()
    assert.deepStrictEqual(losses, ['reset'])
  },
}

async function main() {
  assert.notStrictEqual(here.setKeepAlive, there.setKeepAlive)
  const { accepted, port, connect, close } = await open()
  const ways = { 'loaded here': here, 'loaded there': there }
  const count = await checkAll(checks, ways, async (check, keepalive) =>
    check(keepalive, { client: await connect(), port, connect, accepted }),
  )
  // The errors have the classes of the context that the package was loaded in.
  assert.throws(() => there.setKeepAlive(0, 'x'), foreign('TypeError'))
  assert.throws(() => there.setKeepAlive(0.5, VALUES), foreign('RangeError'))
  close()
  console.log(count + 2)
}

void main()
