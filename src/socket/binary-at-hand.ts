/**
 * Whether the binary for this system lies where package managers put it, and is whole. `tcp-keepalive/register` asks at the start of
 * every program, so this reads little and loads nothing. index.js looks in more places, and says what is wrong.
 */
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
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

/** Seen from dist/, as in native.ts. */
function pathOfBinary(): string | undefined {
  const target = `${platform}-${arch}${suffix()}`
  const file = `tcp-keepalive.${target}.node`
  const built = `${__dirname}/../${file}`
  if (!existsSync(built)) return createRequire(__filename).resolve(`@tcp-keepalive/binding-${target}/${file}`)
  return process.env['NAPI_RS_NATIVE_LIBRARY_PATH'] ? undefined : built
}

/** What stands behind system and processor in the names of the packages. */
function suffix(): string {
  if (platform === 'win32') return '-msvc'
  if (platform !== 'linux') return ''
  const loader = loaderOf(process.execPath)
  if (loader.startsWith('ld-musl-')) return '-musl'
  return arch === 'arm' ? '-gnueabihf' : '-gnu'
}

/** Enough for the program headers and the name behind them. */
const HEADER_LENGTH = 4096

/** The name of the dynamic loader that a program names in its first bytes (elf(5), PT_INTERP), which tells the C library. */
function loaderOf(program: string): string {
  const file = openSync(program, 'r')
  try {
    const header = Buffer.alloc(HEADER_LENGTH)
    readSync(file, header, 0, HEADER_LENGTH, 0)
    const [found] = /ld-(?:musl|linux)[-\w]*\.so/.exec(header.toString('latin1')) ?? []
    if (found === undefined) throw new Error('unknown')
    return found
  } finally {
    closeSync(file)
  }
}
