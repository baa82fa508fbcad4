/**
 * Checks whether the binary for this system is where package managers put it, and is complete. `tcp-keepalive/register` calls this at the
 * start of every program, so it reads little and loads nothing. index.js looks in more places, and explains failures.
 */
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import type * as modules from 'node:module'
import { readBinaryFile } from './binary-file.ts'

const { arch, platform } = process

/** @returns `false` also if only loading the binary would show it */
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

/** Whether `--no-addons` (also in the options of a worker) or `--permission` may forbid addons. */
function mayBeForbidden(): boolean {
  const options = [...process.execArgv, process.env['NODE_OPTIONS']].join(' ')
  return (process as { permission?: unknown }).permission !== undefined || /--no[-_]addons/.test(options)
}

/** Looks in a clone, then beside this package, then where Node resolves it, which takes longer. Paths start at dist/, as in native.ts. */
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

/** The end of a package's name, after the system and the processor. */
function suffix(): string {
  if (platform === 'win32') return '-msvc'
  if (platform !== 'linux') return ''
  if (isForMusl(process.execPath)) return '-musl'
  return arch === 'arm' ? '-gnueabihf' : '-gnu'
}

/** Long enough for the program headers and the name of the loader. */
const HEADER_LENGTH = 4096

/**
 * Finds out the C library of a program from the dynamic loader that its first bytes name (elf(5), PT_INTERP).
 *
 * @throws Error if the program names no known loader
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
