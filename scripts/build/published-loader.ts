/**
 * The file that loads the binary, as it is published. napi-rs's own, which `npm run build:native` writes and which a
 * clone loads its binary with, is many times as large: it tries some thirty platforms that have no package of ours,
 * starts `ldd` where nothing else tells the C library, and loads whatever library an environment variable names.
 *
 * An import never fails: where there is no binary that can be loaded, each function says so when it is called.
 */
import { TARGETS } from './targets.ts'

/** @param generated what napi-rs wrote, for the names of the functions */
export function publishedLoader(generated: string): string {
  const names = [...generated.matchAll(/^module\.exports\.(\w+) = nativeBinding\.\1$/gm)].map(
    ([, name]) => name,
  )
  if (names.length === 0) throw new Error('index.js exports nothing that could be published')
  const packages = TARGETS.map(({ name }) => `  '${name}': () => require('@tcp-keepalive/binding-${name}'),`)
  const exported = names.map((name) => `module.exports.${name} = binding.${name}`)
  return `const { readFileSync } = require('node:fs')

// Written out, so that bundlers see them.
const packages = {
${packages.join('\n')}
}

function isMusl() {
  try {
    return readFileSync('/usr/bin/ldd', 'latin1').includes('musl')
  } catch {
    // no such file, or none that may be read
  }
  try {
    const { report } = process
    report.excludeNetwork = true // else it asks for the names of all peers
    const { header, sharedObjects } = report.getReport()
    return !header.glibcVersionRuntime && sharedObjects.some((file) => file.includes('ld-musl-'))
  } catch {
    return false
  }
}

function load() {
  const { platform, arch } = process
  const libc = platform !== 'linux' ? '' : isMusl() ? '-musl' : '-glibc'
  const fitting = Object.keys(packages).find(
    (name) =>
      (name + '-').startsWith(platform + '-' + arch + '-') && name.endsWith('-musl') === (libc === '-musl'),
  )
  if (fitting === undefined) throw new Error('Unsupported platform: ' + platform + '-' + arch + libc)
  const truncated = require('./dist/implementation.cjs').truncatedBinary()
  if (truncated) throw truncated
  return packages[fitting]()
}

// Each function tries again, as what was broken may be whole.
function later() {
  const bindingOrSay = () => {
    try {
      return load()
    } catch (error) {
      throw require('./dist/implementation.cjs').noBinary(error)
    }
  }
  const functions = ${JSON.stringify(names)}.map((name) => [name, (...given) => bindingOrSay()[name](...given)])
  return { ...Object.fromEntries(functions), load }
}

function loadOrLater() {
  try {
    return load()
  } catch {
    return later()
  }
}

const binding = loadOrLater()
module.exports = binding
module.exports.__napiBindingTarget = 'native' // in index.d.ts, as napi-rs has other kinds too
${exported.join('\n')}
`
}
