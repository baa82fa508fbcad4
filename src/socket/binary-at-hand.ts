/**
 * Whether the binary for this system lies where package managers put it, and is whole. `tcp-keepalive/register` asks at the start of
 * every program, so this reads little and loads nothing. index.js looks in more places, and says what is wrong.
 */
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import type * as modules from 'node:module'
import { readBinaryFile } from './binary-file.ts'

const { arch, platform } = process

/** `false` also where only a real try can tell. */
export function isBinaryAtHand(): boolean {
  try {
    if (mayBeForbidden()) return false
    const path = pathOfBinary()
    const file = path === undefined ? undefined : readBinaryFile(path)
    return file?.truncated === false && file.description.endsWith(` on ${arch}`)
  } catch {
    return false
  }
}

/** By `--no-addons`, also in the options of a worker, or by `--permission`. */
function mayBeForbidden(): boolean {
  const options = [...process.execArgv, process.env['NODE_OPTIONS']].join(' ')
  return (process as { permission?: unknown }).permission !== undefined || /--no[-_]addons/.test(options)
}

/** Seen from dist/, as in native.ts: in a clone, beside this package, or where else Node finds it, which takes longer. */
function pathOfBinary(): string | undefined {
  const target = `${platform}-${arch}${suffix()}`
  const file = `tcp-keepalive.${target}.node`
  const built = `${__dirname}/../${file}`
  if (existsSync(built)) return process.env['NAPI_RS_NATIVE_LIBRARY_PATH'] ? undefined : built
  const inPackage = `@tcp-keepalive/binding-${target}/${file}`
  const beside = `${__dirname}/../../${inPackage}`
  if (existsSync(beside)) return beside
  const { createRequire } = require('node:module') as typeof modules
  return createRequire(__filename).resolve(inPackage)
}

/** What stands behind system and processor in the names of the packages. */
function suffix(): string {
  if (platform === 'win32') return '-msvc'
  if (platform !== 'linux') return ''
  if (isForMusl(process.execPath)) return '-musl'
  return arch === 'arm' ? '-gnueabihf' : '-gnu'
}

/** Enough for the program headers and the name behind them. */
const HEADER_LENGTH = 4096

/**
 * A program names its dynamic loader in its first bytes (elf(5), PT_INTERP), and so its C library.
 *
 * @throws Error where it names neither
 */
function isForMusl(program: string): boolean {
  const file = openSync(program, 'r')
  try {
    const header = Buffer.alloc(HEADER_LENGTH)
    readSync(file, header, 0, HEADER_LENGTH, 0)
    if (header.includes('ld-musl-')) return true
    if (header.includes('ld-linux')) return false
    throw new Error('an unknown loader')
  } finally {
    closeSync(file)
  }
}
