/** The list of what is in the binaries is up to date with the sources, and every entry has its reason. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { ROOT } from '../../lab/command.ts'
import { TARGETS } from '../../scripts/build/targets.ts'
import { binariesDocument } from '../../scripts/supply-chain/binaries-document.ts'
import { cratesIn } from '../../scripts/supply-chain/crates.ts'
import { unsafeIn } from '../../scripts/supply-chain/unsafe.ts'

test('docs/binaries.md equals the output of `npm run docs -- binaries --write`', async (t) => {
  t.timeout(120_000, 'cargo may fetch the crates of other systems first')
  const page = await readFile(join(ROOT, 'docs/binaries.md'), 'utf8')
  t.is(await binariesDocument(page), page)
})

test('the crates of a binary are those of its system, with hash and licence', async (t) => {
  t.timeout(120_000)
  for (const target of TARGETS) {
    const crates = await cratesIn(target)
    const names = crates.map(({ name }) => name)
    t.is(names[0], 'tcp-keepalive-node')
    t.is(names.includes('windows-sys'), target.file.format === 'PE', target.name)
    t.is(names.includes('libc'), target.file.format !== 'PE', target.name)
    t.false(names.includes('napi-derive'), 'it runs in the compiler')
    const own = crates.filter(({ checksum }) => checksum === undefined)
    t.deepEqual(own.map(({ name }) => name).toSorted(), ['tcp-keepalive', 'tcp-keepalive-node'])
    t.true(crates.every(({ license }) => license.length > 0))
  }
})

test('the reason of an `unsafe` is the comment above its statement, from "SAFETY:" on', (t) => {
  const source = `
type Visit = unsafe extern "C" fn(handle: *mut Handle);

fn read() -> i32 {
    // Something else first.
    // SAFETY: the value lives
    // over the call.
    let result =
        unsafe { getsockopt(raw, &raw mut value) };
    // unsafe { in_a_comment() }
    if result == 0 { 1 } else { 2 }
}

/// Documented.
// SAFETY: nobody calls it.
unsafe extern "C" fn visit() {
    // SAFETY: the callee's wish.
    let done = unsafe {
        first(
            1,
            2,
        )
    };
}
`
  t.deepEqual(
    unsafeIn('x.rs', source).map(({ line, within, operation, reason }) => [line, within, operation, reason]),
    [
      [9, 'read', 'getsockopt(raw, &raw mut value)', 'the value lives over the call.'],
      [16, 'visit', 'fn', 'nobody calls it.'],
      [18, 'visit', 'first(1, 2)', "the callee's wish."],
    ],
  )
})

test('an `unsafe` without a reason, and one of an unknown kind, are found', (t) => {
  const message = { message: /^x\.rs:\d: there is no "\/\/ SAFETY:" above it$/ }
  t.throws(() => unsafeIn('x.rs', 'fn f() {\n    let x = unsafe { g() };\n}'), message)
  t.throws(() => unsafeIn('x.rs', '// SAFETY: of another\nlet x = 1;\nlet y = unsafe { g() };'), message)
  t.throws(() => unsafeIn('x.rs', '// It is safe.\nunsafe fn f() {}'), message)
  const kind = { message: 'x.rs:2: neither a function nor a block of one operation' }
  t.throws(() => unsafeIn('x.rs', '// SAFETY: it is.\nunsafe impl Send for X {}'), kind)
  t.throws(() => unsafeIn('x.rs', '// SAFETY: it is.\nunsafe {\n    if a { b() }\n}'), kind)
})
