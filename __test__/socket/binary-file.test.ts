import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import fc from 'fast-check'
import { parseBinaryFile, readBinaryFile } from '../../src/socket/binary-file.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const binary = readdirSync(root).find((name) => name.endsWith('.node')) ?? ''

/** The first bytes of the three formats, and of none. */
const MAGIC = [[0x7f, 0x45, 0x4c, 0x46], [0xcf, 0xfa, 0xed, 0xfe], [0x4d, 0x5a], []]

test('any bytes can be classified; it never throws', (t) => {
  const bytes = fc.tuple(fc.constantFrom(...MAGIC), fc.uint8Array({ maxLength: 1024 }))
  fc.assert(
    fc.property(bytes, fc.nat(), ([magic, rest], size) => {
      const { description, truncated } = parseBinaryFile(Buffer.from([...magic, ...rest]), size)
      t.regex(description, /^(for (Linux|FreeBSD|macOS|Windows) on .+|no native binary|of \d+ bytes)$/)
      t.is(typeof truncated, 'boolean')
    }),
    { numRuns: 3000 },
  )
})

test('a binary that is cut off or changed at any place is distinguished from a complete one', (t) => {
  const whole = readFileSync(join(root, binary))
  const header = whole.subarray(0, 1024)
  const own = parseBinaryFile(header, whole.length)
  t.deepEqual(own, { description: `for Linux on ${process.arch}`, truncated: false })
  fc.assert(
    fc.property(fc.nat(whole.length - 1), (size) => {
      t.true(parseBinaryFile(header.subarray(0, size), size).truncated, `${size} bytes`)
    }),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(fc.nat(1023), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(header)
      changed[at] = byte
      t.true(parseBinaryFile(changed, whole.length).description !== '')
    }),
    { numRuns: 1000 },
  )
})

test('a file is classified by its bytes, and a missing file is undefined', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'file.node')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      writeFileSync(path, bytes)
      t.deepEqual(readBinaryFile(path), parseBinaryFile(Buffer.from(bytes.subarray(0, 1024)), bytes.length))
    }),
  )
  for (const none of [folder, join(folder, 'none'), '\0', '']) t.is(readBinaryFile(none), undefined)
})
