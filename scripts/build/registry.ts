/**
 * A registry on this machine's loopback. It accepts tcp-keepalive's packages from everybody, and forwards requests for other packages
 * to the registry that npm is configured for.
 */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runServer } from 'verdaccio'
import { run } from '../../lab/run.ts'

export interface Registry {
  readonly url: string
  /** An .npmrc with which npm, pnpm and yarn 1 use it and may publish to it. */
  readonly npmrc: string
  /** The same for npm's command line. */
  readonly parameters: readonly string[]
  /** Stops it and deletes the published packages. */
  stop(): Promise<void>
}

export async function startRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-registry-'))
  const configuration = join(folder, 'config.yaml')
  const uplink = (await run('npm', ['config', 'get', 'registry'], { cwd: tmpdir() })).trim()
  await writeFile(configuration, JSON.stringify(settings(folder, uplink))) // JSON is YAML too
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
  const url = `http://${host}/`
  return { url, npmrc, parameters: [`--registry=${url}`, `--userconfig=${npmrc}`], stop }
}

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
