/** Runs on the laboratory's client: large transfers to real servers that stop reading. Plain JavaScript, like writers.mjs. */
import http from 'node:http'
import { installKeepAlive } from 'tcp-keepalive'
import { examples } from '../clients/shared.mjs'
import { now, watchPauses } from '../pauses.mjs'

const pg = examples('pg')
const { Redis } = examples('ioredis')

/** More than fits into the buffers of both kernels. */
const PIECES = 24 * 16
const PIECE = 'x'.repeat(64 * 1024)

/** A query object for pg: it copies rows into a table. Another transaction has inserted the first key, and not committed yet. */
class Copy {
  constructor(done) {
    this.done = done
  }
  submit(connection) {
    connection.query('COPY copied FROM STDIN (FORMAT csv)')
  }
  handleCopyInResponse(connection) {
    for (let key = 1; key <= PIECES; key++) connection.sendCopyFromChunk(Buffer.from(`${key},${PIECE}\n`))
    connection.endCopyFrom()
  }
  handleCommandComplete({ text }) {
    this.text = text
  }
  handleReadyForQuery() {
    this.done(undefined, this.text)
  }
  handleError(error) {
    this.done(error)
  }
}

export async function runStalled({ host, ports, postgres, options }, { tell, next }) {
  installKeepAlive(options)
  const pausedSince = watchPauses()
  const opened = async () => {
    const client = new pg.Client(postgres)
    client.on('error', () => {})
    await client.connect()
    return client
  }
  const [locker, copier] = [await opened(), await opened()]
  await locker.query('create unlogged table copied (key int primary key, filler text)')
  const redis = new Redis({ host, port: ports.redis, retryStrategy: null, maxRetriesPerRequest: 0 })
  redis.on('error', () => {})
  tell('redis', Number(/process_id:(\d+)/.exec(await redis.info('server'))[1]))

  const transfers = {
    'COPY … FROM STDIN behind a lock': () =>
      new Promise((resolve, reject) =>
        copier.query(new Copy((error, text) => (error ? reject(error) : resolve(text)))),
      ),
    'pipelined writes to a stopped Redis': async () => {
      const pipeline = redis.pipeline()
      for (let key = 0; key < PIECES; key++) pipeline.set(`key ${key}`, PIECE)
      const answers = await pipeline.exec()
      const failed = answers.find(([error]) => error)
      if (failed) throw failed[0]
      return `SET ${answers.filter(([, answer]) => answer === 'OK').length}`
    },
    'HTTP upload': () =>
      new Promise((resolve, reject) => {
        const request = http.request({ host, port: ports.http, method: 'POST', agent: false }, (response) =>
          response.setEncoding('utf8').on('data', (text) => resolve(`POST ${text / PIECE.length}`)),
        )
        request.on('error', reject)
        for (let piece = 0; piece < PIECES; piece++) request.write(PIECE)
        request.end()
      }),
  }
  const actions = {
    async lock() {
      await locker.query('begin; truncate copied; commit; begin; insert into copied values (1)')
    },
    unlock: () => locker.query('rollback'),
    async transfer() {
      for (const [name, begin] of Object.entries(transfers)) {
        const end = (what) =>
          tell('ended', { name, ...what, at: now(), pausedMs: pausedSince(now() - 60_000) })
        begin().then(
          (result) => end({ result }),
          (error) => end({ code: error.code ?? error.message }),
        )
      }
    },
  }
  for (;;) {
    const action = await next()
    await actions[action]()
    tell('done')
  }
}

/** The answer to each whole transfer. */
export const WHOLE = {
  'COPY … FROM STDIN behind a lock': `COPY ${PIECES}`,
  'pipelined writes to a stopped Redis': `SET ${PIECES}`,
  'HTTP upload': `POST ${PIECES}`,
}
