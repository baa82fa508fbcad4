import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { certificate } from '../../lab/servers/certificate.ts'

const file = fileURLToPath(new URL('unchanged.cjs', import.meta.url))
const cwd = fileURLToPath(new URL('.', import.meta.url))

interface Transcript {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
}

/** Runs a scenario and returns its output. With a match, every outgoing socket is held. */
async function transcript(scenario: string, match?: string): Promise<Transcript> {
  const variables = {
    TCP_KEEPALIVE: match === undefined ? 'off' : '',
    TCP_KEEPALIVE_MATCH: match ?? '',
    TCP_KEEPALIVE_DETECT_WITHIN: match === undefined ? '' : '30s',
    CERTIFICATE: JSON.stringify(certificate),
    NODE_OPTIONS: '',
  }
  const child = spawn(process.execPath, ['--require', 'tcp-keepalive/register', file, scenario], {
    cwd,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { stdout, stderr: comparable(stderr), code }
}

/** Removes what differs between runs: ports and process IDs. Stack lines of ours stay. */
function comparable(stderr: string): string {
  return stderr
    .replaceAll(/:\d{4,5}\b/g, ':port')
    .replaceAll(/node:\d+\)/g, 'node:pid)')
    .replaceAll(/port: \d+/g, 'port: n')
}

const scenarios = createRequire(import.meta.url)('./unchanged.cjs') as string[]
for (const scenario of scenarios) {
  test(`a program whose socket ${scenario} sees the same with and without an install`, async (t) => {
    const without = await transcript(scenario)
    t.true(without.stdout.includes('exit'), without.stderr)
    t.deepEqual(await transcript(scenario, '*'), without)
    t.deepEqual(await transcript(scenario, '10.0.0.0/8'), without, 'where nothing matches')
  })
}
