// Starts a thread or a process of each kind. Prints a line of JSON for each: its name, and whether it is covered. node program.cjs,
// with tcp-keepalive/register given in one way or another
const { fork, spawn } = require('node:child_process')
const cluster = require('node:cluster')
const path = require('node:path')
const { SHARE_ENV, Worker } = require('node:worker_threads')
const { look } = require('./look.cjs')

const inside = path.join(__dirname, 'inside.cjs')
const asText = `require(${JSON.stringify(inside)})`
const ownEnv = () => ({ env: { PATH: process.env.PATH } })

const said = (from) =>
  new Promise((resolve, reject) => {
    from.once('message', resolve)
    from.once('error', reject)
  })
const thread = (options, file = inside) => said(new Worker(file, options))
const child = (options) => said(fork(inside, options))
const spawned = (options) =>
  said(spawn(process.execPath, [inside], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], ...options }))

/** By their names in docs/whole-program.md. */
const kinds = {
  'the program itself': () => new Promise(look),
  worker: () => thread({}),
  'worker, an ES module': () => thread({}, path.join(__dirname, 'inside.mjs')),
  'worker, `eval: true`': () => thread({ eval: true }, asText),
  'worker, `execArgv: []`': () => thread({ execArgv: [] }),
  'worker, `env` of its own': () => thread(ownEnv()),
  'worker, `env: { ...process.env }`': () => thread({ env: { ...process.env } }),
  'worker, `env: SHARE_ENV`': () => thread({ env: SHARE_ENV }),
  fork: () => child({}),
  'fork, `execArgv: []`': () => child({ execArgv: [] }),
  'fork, `env` of its own': () => child(ownEnv()),
  cluster() {
    cluster.setupPrimary({ exec: inside })
    return said(cluster.fork())
  },
  'spawn of `node`': () => spawned({}),
  'spawn of `node`, `env` of its own': () => spawned(ownEnv()),
}

void (async () => {
  for (const [kind, start] of Object.entries(kinds)) {
    process.stdout.write(`${JSON.stringify([kind, await start()])}\n`)
  }
  process.exit()
})()
