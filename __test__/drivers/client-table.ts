/** The tables in docs/drivers.md, made from the test data. */
import { readFileSync } from 'node:fs'
import { table } from '../../lab/markdown.ts'
import { type Client, clients, servers } from '../../lab/clients/catalogue.ts'

const { dependencies } = JSON.parse(
  readFileSync(new URL('../../examples/package.json', import.meta.url), 'utf8'),
) as { dependencies: Record<string, string> }

export function clientTable(): string {
  const head = [
    'client',
    'tried with',
    'leaves',
    'with its own delay of 45 s',
    "loses values set at 'connect'",
  ]
  const rows = [...clients].filter(([, { over }]) => !over)
  return table([...head, 'the way to its socket', 'lines to write'], rows.map(clientRow))
}

export function layerTable(): string {
  const rows = [...clients].filter(([, { over }]) => over)
  return table(['layer', 'over', 'the way to the socket', 'lines to write'], rows.map(layerRow))
}

function clientRow([name, client]: readonly [string, Client]): string[] {
  const { server, left, leftByOwn, overwrites, underTlsUpTo22, way } = client
  return [
    titleOf(name, client),
    server ? servers[server].name : 'a recording server',
    upTo22(String(left), underTlsUpTo22?.left),
    leftByOwn ?? 'has none',
    upTo22(overwrites, underTlsUpTo22?.overwrites),
    way,
    link(name),
  ]
}

function upTo22(value: string, differing: string | undefined): string {
  return differing === undefined ? value : `${value}; over TLS up to Node 22 ${differing}`
}

function layerRow([name, client]: readonly [string, Client]): string[] {
  return [titleOf(name, client), String(client.over), client.way, link(name)]
}

function titleOf(name: string, { package: module }: Client): string {
  const version = dependencies[module ?? '']
  return version ? `${module} ${version}` : (module ?? name)
}

function link(name: string): string {
  return `[${name}.mjs](../examples/${name}.mjs)`
}
