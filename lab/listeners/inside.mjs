/** What runs on the laboratory's client: cases, each idle or asked something, whose connections are lost. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import { installKeepAlive } from 'tcp-keepalive'
import { examples, openProgram } from '../clients/shared.mjs'
import { allCases } from './cases.mjs'

/** `listens`: whether everything has the listener that the documentation asks for. */
export async function runTrials({ trials, listens, where, detectWithin }, { tell, next }) {
  installKeepAlive({ detectWithin })
  const sockets = []
  const begun = []
  const nameOf = new Map()
  const note = ({ socket }) => {
    sockets.push(socket)
    nameOf.set(socket, trials[begun.length]?.name)
  }
  subscribe('tcp-keepalive:apply', note)
  for (const trial of trials) begun.push(await begin(trial, { listens, where, sockets }, tell))
  unsubscribe('tcp-keepalive:apply', note)
  const closed = sockets.filter(({ destroyed }) => destroyed)
  tell(
    'ready',
    closed.map((socket) => nameOf.get(socket)),
  )
  await next()
  for (const { ask } of begun) ask()
  while (sockets.some(({ destroyed }) => !destroyed)) await sleep(20)
  tell('lost')
  await next()
  for (const { trial, again } of begun) void settle(again, (how) => tell('again', { ...trial, how }))
  await new Promise(() => setInterval(() => {}, 60_000)) // what is left has no reason to go on
}

async function begin(trial, { listens, where, sockets }, tell) {
  const { name, state } = trial
  const { package: module, isLogin, program, options } = allCases[name]
  const open = allCases[name].open ?? asInMatrix(program, options)
  const listen = (emitter) =>
    listens ? emitter.on('error', (error) => tell('emitted', { name, state, how: inWords(error) })) : emitter
  const before = sockets.length
  const opened = await open(module && examples(module), where, listen)
  const { call, again = () => {} } =
    typeof opened === 'function' ? { call: opened, again: isLogin ? undefined : opened } : opened
  if (call === opened && !isLogin) await call()
  const settled = (how) => tell('settled', { name, state, how })
  if (!isLogin) return { trial, again, ask: () => state === 'asked' && settle(call, settled) }
  void settle(call, settled)
  while (sockets.length === before) await sleep(20)
  return { trial, again, ask() {} }
}

/** A client of the matrix, which asks the same way each time. */
function asInMatrix(file, options) {
  return (_, { host, ports }, listen) => openProgram(file, { host, ports, tls: false }, options, listen)
}

/** Catches what it rejects with, as a program does that handles its errors. */
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
