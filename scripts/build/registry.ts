/**
 * A registry on this machine's loopback, for rehearsals: it takes tcp-keepalive's packages from whoever asks and
 * hands everything else through from the registry that npm is configured for.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../lab/run.ts'

export interface Registry extends AsyncDisposable {
  readonly url: string
  /** An .npmrc that makes npm, pnpm and yarn 1 use it and lets them publish to it. */
  readonly npmrc: string
  /** Ends it and deletes what was published. */
  stop(): Promise<void>
}

/** Right after boot, with nothing read from the disk so far, and on a busy machine. */
const START_WITHIN_MS = 300_000

/** Somebody else may take the free port before verdaccio does. */
const ATTEMPTS = 3

export async function startRegistry(): Promise<Registry> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryToStart()
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
    }
  }
}

async function tryToStart(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-registry-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const configuration = join(folder, 'config.yaml')
  await writeFile(configuration, JSON.stringify(settings(folder, await configuredRegistry()), undefined, 2))
  const npmrc = join(folder, 'npmrc')
  await writeFile(npmrc, `registry=${url}\n//127.0.0.1:${port}/:_authToken=anyone\n`)
  const program = createRequire(import.meta.url).resolve('verdaccio/bin/verdaccio')
  const server = spawn(
    process.execPath,
    [program, '--config', configuration, '--listen', `127.0.0.1:${port}`],
    {
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      const ended = once(server, 'exit')
      server.kill()
      await ended
    }
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await answering(url, () => server.exitCode !== null)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, npmrc, stop, [Symbol.asyncDispose]: stop }
}

/** verdaccio's settings; JSON is YAML too. */
function settings(folder: string, uplink: string): object {
  const ours = { access: '$all', publish: '$all', unpublish: '$all' }
  return {
    storage: join(folder, 'storage'),
    // By default verdaccio answers 404 for 5 minutes once two requests have taken more than 30 s.
    uplinks: { configured: { url: uplink, timeout: '5m', max_fails: 1000, fail_timeout: '1s' } },
    packages: {
      '@tcp-keepalive/*': ours,
      'tcp-keepalive': ours,
      '**': { access: '$all', proxy: 'configured' },
    },
    log: { type: 'stderr', level: 'error' },
    max_body_size: '10mb',
    web: { enable: false },
  }
}

async function configuredRegistry(): Promise<string> {
  return (await run('npm', ['config', 'get', 'registry'], { cwd: tmpdir() })).trim()
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answering(url: string, ended: () => boolean): Promise<void> {
  for (const until = Date.now() + START_WITHIN_MS; Date.now() < until;) {
    const signal = AbortSignal.timeout(10_000)
    const answer = await fetch(new URL('-/ping', url), { signal }).catch(() => undefined)
    if (answer?.ok) return
    if (ended()) throw new Error('verdaccio ended before it answered')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`verdaccio did not answer within ${START_WITHIN_MS / 1000} s`)
}
