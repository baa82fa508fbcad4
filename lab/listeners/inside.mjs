/** Runs on the laboratory's client: cases, each idle or with a call in progress, whose connections are lost. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import { installKeepAlive } from 'tcp-keepalive'
import { examples, openProgram } from '../clients/shared.mjs'
import { allCases } from './cases.mjs'

/** `listens`: whether everything has the listener that the documentation recommends. */
export async function runTrials({ trials, listens, where, detectWithin }, { tell, next }) {
  installKeepAlive({ detectWithin })
  /** Each socket with the name of its case. */
  const sockets = new Map()
  const begun = []
  const note = ({ socket }) => sockets.set(socket, trials[begun.length]?.name)
  subscribe('tcp-keepalive:apply', note)
  for (const trial of trials) begun.push(await begin(trial, { listens, where, sockets }, tell))
  unsubscribe('tcp-keepalive:apply', note)
  const closed = [...sockets].filter(([{ destroyed }]) => destroyed)
  tell(
    'ready',
    closed.map(([, name]) => name),
  )
  await next()
  for (const { ask } of begun) void ask()
  while ([...sockets.keys()].some(({ destroyed }) => !destroyed)) await sleep(20)
  tell('lost')
  await next()
  for (const { trial, again } of begun) void settle(again, (how) => tell('again', { ...trial, how }))
  await new Promise(() => setInterval(() => {}, 60_000)) // so that the process goes on
}

async function begin(trial, { listens, where, sockets }, tell) {
  const { name, state } = trial
  const { isLogin } = allCases[name]
  const listen = (emitter) =>
    listens ? emitter.on('error', (error) => tell('emitted', { name, state, how: inWords(error) })) : emitter
  const before = sockets.size
  const { call, again } = await open(allCases[name], where, listen)
  const settled = (how) => tell('settled', { name, state, how })
  if (!isLogin) return { trial, again, ask: () => state === 'asked' && settle(call, settled) }
  void settle(call, settled)
  while (sockets.size === before) await sleep(20)
  return { trial, again() {}, ask() {} }
}

/** Opens a case. Its connection exists when this resolves, unless the case is a login. */
async function open(
  { package: name, isLogin, program, options, connect, ask, open: openCase },
  where,
  listen,
) {
  const module = name && examples(name)
  if (connect) {
    const connection = await connect(module, where, listen)
    await ask(connection, listen)
    const again = async () => ask(await connect(module, where, listen), listen)
    return { call: () => ask(connection, listen), again }
  }
  const at = { host: where.host, ports: where.ports, tls: false }
  const opened = openCase
    ? await openCase(module, where, listen)
    : await openProgram(program, at, options, listen)
  if (typeof opened !== 'function') return opened
  if (!isLogin) await opened()
  return { call: opened, again: opened }
}

/** Catches the rejection, as a program does that handles its errors. */
async function settle(call, tell) {
  try {
    await call()
    tell('answered')
  } catch (error) {
    tell(inWords(error))
  }
}

function inWords(error) {
  return `${error?.code ?? ''} ${error?.message}`.trim()
}
