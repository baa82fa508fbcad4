import { connect, echoed, echoPort, startEcho } from '../../lab/network/echo.ts'
import { openLab } from '../../lab/network/lab.ts'
import { programsAreRoot } from '../../lab/network/namespaces.ts'
import { withLab } from '../needs.ts'

withLab('run: values are passed in as arguments and returned as the result', async (t) => {
  const lab = await openLab(t)
  const seen = await lab.client.run(
    async ({ asked, bytes }) => {
      const os = await import('node:os')
      const addresses = Object.values(os.networkInterfaces()).flatMap((list) => list ?? [])
      return { asked, bytes, has: addresses.some(({ address }) => address === asked), none: undefined }
    },
    { asked: lab.client.address, bytes: new Map([[1n, new Uint8Array([1, 2])]]) },
  )
  t.is(seen.asked, '10.9.1.1')
  t.true(seen.has)
  t.deepEqual([...seen.bytes.entries()], [[1n, new Uint8Array([1, 2])]])
})

withLab('run: packages are resolved from this folder', async (t) => {
  const lab = await openLab(t)
  t.is(await lab.client.run(async () => typeof (await import('pg')).default.Client), 'function')
})

withLab('run: programs in the laboratory are not root, if user namespaces allow it', async (t) => {
  const lab = await openLab(t)
  const uid = await lab.server.run(async () => process.geteuid?.())
  t.is(uid === 0, await programsAreRoot())
})

withLab('run: an error is passed on with its message, code and place', async (t) => {
  const lab = await openLab(t)
  const error = await t.throwsAsync<NodeJS.ErrnoException>(
    lab.client.run(async () => {
      const fs = await import('node:fs')
      fs.readFileSync('/there/is/none')
    }),
    { code: 'ENOENT', message: /no such file/ },
  )
  t.is(error?.syscall, 'open')
  t.regex(error?.stack ?? '', /readFileSync[^]*in a program on the client/)
  await t.throwsAsync(
    lab.client.run(async () => {
      throw new TypeError('mine')
    }),
    { name: 'TypeError', message: 'mine' },
  )
})

withLab('run: a result that cannot be serialized is an error', async (t) => {
  const lab = await openLab(t)
  await t.throwsAsync(
    lab.client.run(async () => () => 1),
    { message: /could not be cloned/ },
  )
})

withLab('a program that crashes shows its standard error', async (t) => {
  const lab = await openLab(t)
  const program = lab.client.start(async () => {
    process.stderr.write('last words\n', () => process.exit(3))
    await new Promise(() => {})
  })
  await t.throwsAsync(program.result, { message: /on the client ended with exit code 3\. last words/ })
  await t.throwsAsync(program.event('never'), { message: /exit code 3/ })
})

withLab('start: events and messages arrive in order, with the time', async (t) => {
  const lab = await openLab(t)
  const began = Date.now()
  const program = lab.client.start(async (factor: number, { tell, next }) => {
    for (let number = await next<number>(); number > 0; number = await next<number>()) {
      tell('product', number * factor)
    }
    return 'done'
  }, 10)
  program.send(1)
  program.send(2)
  t.is((await program.event('product')).data, 10)
  const second = await program.event<number>('product')
  t.is(second.data, 20)
  t.true(second.at >= began && second.at <= Date.now() + 1)
  program.send(0)
  t.is(await program.result, 'done')
  await t.throwsAsync(program.event('product'), { message: /exit code 0/ })
  t.is(program.events.length, 2)
})

withLab('start: a server continues after its function has returned, until it is stopped', async (t) => {
  const lab = await openLab(t)
  const server = await startEcho(lab)
  t.is(await server.result, undefined)
  const client = await connect(lab)
  t.is(await echoed(client, 'there'), 'there')
  await server.stop()
  await t.throwsAsync(connect(lab), { message: /ECONNREFUSED/ })
})

withLab(
  'spawn: signals reach the program; a stopped program does not answer, and can continue',
  async (t) => {
    const lab = await openLab(t)
    const server = await startEcho(lab)
    const client = await connect(lab)
    t.is(await echoed(client, 'one'), 'one')
    server.process.kill('SIGSTOP')
    const capture = await lab.capture({ host: 'server' })
    client.send('two')
    const acknowledged = (): boolean =>
      capture.packets.some(({ from, flags }) => from.port === echoPort && flags.ack)
    for (const deadline = Date.now() + 60_000; !acknowledged() && Date.now() < deadline;) {
      await new Promise((resolve) => {
        setTimeout(resolve, 20)
      })
    }
    t.true(acknowledged()) // that was the kernel
    t.is(client.events.filter(({ name }) => name === 'data').length, 1)
    server.process.kill('SIGCONT')
    t.is((await client.event('data')).data, 'two')
    server.process.kill('SIGSTOP') // and the end of the laboratory still ends it
  },
)
