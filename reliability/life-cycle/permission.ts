/** Node's permission model, with addons and without. */
import { strict as assert } from 'node:assert'
import { end } from './program.ts'

/** Throws where the package does not work with addons allowed, or does not say what is forbidden without. */
export async function permission(node: string): Promise<void> {
  const allowed = await run(node, ['--allow-addons'], ['permission.cjs'])
  assert.deepEqual(allowed, [{ time: 16_000 }, ''])

  const [{ code, message }] = await run(node, [], ['permission.cjs'])
  assert.equal(code, 'ERR_TCP_KEEPALIVE_NO_BINARY')
  assert.match(String(message), /is forbidden\.\n[^]*- Node runs with --permission: add --allow-addons\.$/)

  const registered = ['--require=tcp-keepalive/register', '--eval=console.log("{}")']
  const line =
    'tcp-keepalive: The native binary of tcp-keepalive is forbidden; this program runs unprotected\n'
  assert.deepEqual(await run(node, [], registered), [{}, line])
  assert.deepEqual(await run(node, ['--allow-addons'], registered), [{}, ''])
}

async function run(
  node: string,
  allowed: readonly string[],
  program: readonly string[],
): Promise<readonly [Readonly<Record<string, unknown>>, string]> {
  const flags = [await permissionFlag(node), '--allow-fs-read=*', ...(await networkFlag(node)), ...allowed]
  const variables = { NODE_NO_WARNINGS: '1' } // on older versions the model itself warns
  const { code, stdout, stderr } = await end(node, [...flags, ...program], variables)
  assert.equal(code, 0, stderr)
  return [JSON.parse(stdout) as Record<string, unknown>, stderr]
}

/** Its name before Node 23.5 and 22.13. */
async function permissionFlag(node: string): Promise<string> {
  return (await hasFlag(node, '--permission')) ? '--permission' : '--experimental-permission'
}

/** From Node 25 on connections are among what is forbidden. */
async function networkFlag(node: string): Promise<readonly string[]> {
  return (await hasFlag(node, '--allow-net')) ? ['--allow-net'] : []
}

async function hasFlag(node: string, flag: string): Promise<boolean> {
  const program = `console.log(process.allowedNodeEnvironmentFlags.has('${flag}'))`
  return (await end(node, ['--eval', program])).stdout === 'true\n'
}
