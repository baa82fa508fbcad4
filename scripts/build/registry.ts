/**
 * A registry on this machine's loopback, for rehearsals: it takes tcp-keepalive's packages from whoever asks and
 * hands everything else through from the registry that npm is configured for.
 */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runServer } from 'verdaccio'
import { run } from '../../lab/run.ts'

export interface Registry extends AsyncDisposable {
  readonly url: string
  /** An .npmrc that makes npm, pnpm and yarn 1 use it and lets them publish to it. */
  readonly npmrc: string
  /** Ends it and deletes what was published. */
  stop(): Promise<void>
}

export async function startRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-registry-'))
  const configuration = join(folder, 'config.yaml')
  await writeFile(configuration, JSON.stringify(settings(folder, await configuredRegistry())))
  const server = (await runServer(configuration)) as Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const npmrc = join(folder, 'npmrc')
  await writeFile(npmrc, `registry=http://${host}/\n//${host}/:_authToken=anyone\n`)
  const stop = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    await rm(folder, { recursive: true, force: true })
  }
  return { url: `http://${host}/`, npmrc, stop, [Symbol.asyncDispose]: stop }
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
