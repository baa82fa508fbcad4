/**
 * Loads the native binary: `tcp-keepalive/native`, declared in index.d.ts. Importing it never fails. If no binary can be
 * loaded, each function tries again when it is called, and throws an error that says what is wrong.
 *
 * A `require` that is created at run time finds the binary. So bundlers do not try to resolve ten packages, of which only one
 * is installed. This file also runs inside bundles, where `__filename` may be missing, relative, or not name a file.
 */
const { existsSync, readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { isAbsolute, join } = require('node:path')

// The path of a platform's binary, if its package is beside this one. Each path is written out, because nft and ncc include
// the files whose paths they can read here.
function besideThisPackage(target) {
  switch (target) {
    case 'darwin-arm64':
      return __dirname + '/../@tcp-keepalive/binding-darwin-arm64/tcp-keepalive.darwin-arm64.node'
    case 'darwin-x64':
      return __dirname + '/../@tcp-keepalive/binding-darwin-x64/tcp-keepalive.darwin-x64.node'
    case 'freebsd-x64':
      return __dirname + '/../@tcp-keepalive/binding-freebsd-x64/tcp-keepalive.freebsd-x64.node'
    case 'linux-arm-gnueabihf':
      return (
        __dirname + '/../@tcp-keepalive/binding-linux-arm-gnueabihf/tcp-keepalive.linux-arm-gnueabihf.node'
      )
    case 'linux-arm64-gnu':
      return __dirname + '/../@tcp-keepalive/binding-linux-arm64-gnu/tcp-keepalive.linux-arm64-gnu.node'
    case 'linux-arm64-musl':
      return __dirname + '/../@tcp-keepalive/binding-linux-arm64-musl/tcp-keepalive.linux-arm64-musl.node'
    case 'linux-x64-gnu':
      return __dirname + '/../@tcp-keepalive/binding-linux-x64-gnu/tcp-keepalive.linux-x64-gnu.node'
    case 'linux-x64-musl':
      return __dirname + '/../@tcp-keepalive/binding-linux-x64-musl/tcp-keepalive.linux-x64-musl.node'
    case 'win32-arm64-msvc':
      return __dirname + '/../@tcp-keepalive/binding-win32-arm64-msvc/tcp-keepalive.win32-arm64-msvc.node'
    case 'win32-x64-msvc':
      return __dirname + '/../@tcp-keepalive/binding-win32-x64-msvc/tcp-keepalive.win32-x64-msvc.node'
    default:
      return undefined
  }
}

function isMusl() {
  if (process.platform !== 'linux') return false
  try {
    return readFileSync('/usr/bin/ldd', 'latin1').includes('musl')
  } catch {
    // The file does not exist, or may not be read.
  }
  try {
    const { report } = process
    const { excludeNetwork } = report
    report.excludeNetwork = true // otherwise the report looks up the names of all peers
    const { header, sharedObjects } = report.getReport()
    report.excludeNetwork = excludeNetwork // restores the program's own setting
    return !header.glibcVersionRuntime && sharedObjects.some((file) => file.includes('ld-musl-'))
  } catch {
    return false
  }
}

// The end of a package's name, after the system and the processor.
function suffix(musl) {
  if (process.platform === 'win32') return '-msvc'
  if (process.platform !== 'linux') return ''
  if (musl) return '-musl'
  return process.arch === 'arm' ? '-gnueabihf' : '-gnu'
}

// The files from which to resolve the package: this file, a single executable, and the program that was started, which may be
// a bundle that does not know its own name.
function* lookFrom() {
  if (typeof __filename === 'string' && isAbsolute(__filename)) yield __filename
  yield process.execPath
  yield process.argv[1] ?? join(process.cwd(), 'eval')
}

function find() {
  const system = `${process.platform}-${process.arch}`
  const musl = isMusl()
  const target = system + suffix(musl)
  const file = `tcp-keepalive.${target}.node`
  let beside = ''
  try {
    beside = besideThisPackage(target)
  } catch {
    // A bundle of ES modules has no `__dirname`. Bundles of ncc are an exception: ncc replaces it by the path.
  }
  if (beside === undefined)
    throw new Error(`Unsupported platform: ${system}${suffix(musl).replace('gnu', 'glibc')}`)
  if (typeof __dirname === 'string' && isAbsolute(__dirname)) {
    // A clone has built its own binary. The variable can name another one.
    const built = join(__dirname, file)
    if (existsSync(built)) return process.env.NAPI_RS_NATIVE_LIBRARY_PATH || built
  }
  const name = `@tcp-keepalive/binding-${target}`
  let notFound
  for (const from of lookFrom()) {
    // Tries the file too, because executables of Bun do not read package.json.
    for (const request of [name, `${name}/${file}`]) {
      try {
        return createRequire(from).resolve(request)
      } catch (error) {
        notFound = notFound ?? error // ncc does not read a file with `??=`
      }
    }
  }
  if (isAbsolute(beside) && existsSync(beside)) return beside
  throw notFound
}

function load() {
  let file
  try {
    file = find()
    checkBinary(file)
    return createRequire(file)(file)
  } catch (error) {
    throw explain(error, file)
  }
}

// Not inside `try`, where Rollup leaves `require` unchanged.
const checkBinary = (file) => require('./dist/core.cjs').checkBinary(file)
const explain = (error, file) => require('./dist/implementation.cjs').noBinary(error, file)

// Each function tries to load the binary again, because it may have been repaired. The first that succeeds loads it for all.
function later() {
  let whole
  const loadOnce = () => (whole = whole ?? load())
  const functions = NAMES.map((name) => [name, (...given) => loadOnce()[name](...given)])
  return { ...Object.fromEntries(functions), load: loadOnce }
}

// Some of these functions exist only on Linux: index.d.ts says which.
const NAMES = [
  'adoptConnections',
  'beginLooking',
  'closeDuplicate',
  'duplicateSocket',
  'endLooking',
  'excludeFromReach',
  'findDescriptor',
  'getHopMinimum',
  'getKeepAlive',
  'getTcpInfo',
  'getUserTimeout',
  'inspectProcess',
  'inspectSocket',
  'inspectSockets',
  'lookForConnections',
  'optionName',
  'readWindows',
  'setConnectTimeout',
  'setHopMinimum',
  'setKeepAlive',
  'setUserTimeout',
  'setWhatIsTaken',
  'shareMatch',
  'systemKeepAlive',
  'tcpTimers',
  'tryKeepAlive',
]

function loadOrLater() {
  try {
    return load()
  } catch {
    return later()
  }
}

const binding = loadOrLater()
module.exports = binding
// Node reads the names for `import` from the source text.
module.exports.adoptConnections = binding.adoptConnections
module.exports.beginLooking = binding.beginLooking
module.exports.closeDuplicate = binding.closeDuplicate
module.exports.duplicateSocket = binding.duplicateSocket
module.exports.endLooking = binding.endLooking
module.exports.excludeFromReach = binding.excludeFromReach
module.exports.findDescriptor = binding.findDescriptor
module.exports.getHopMinimum = binding.getHopMinimum
module.exports.getKeepAlive = binding.getKeepAlive
module.exports.getTcpInfo = binding.getTcpInfo
module.exports.getUserTimeout = binding.getUserTimeout
module.exports.inspectProcess = binding.inspectProcess
module.exports.inspectSocket = binding.inspectSocket
module.exports.inspectSockets = binding.inspectSockets
module.exports.lookForConnections = binding.lookForConnections
module.exports.optionName = binding.optionName
module.exports.readWindows = binding.readWindows
module.exports.setConnectTimeout = binding.setConnectTimeout
module.exports.setHopMinimum = binding.setHopMinimum
module.exports.setKeepAlive = binding.setKeepAlive
module.exports.setUserTimeout = binding.setUserTimeout
module.exports.setWhatIsTaken = binding.setWhatIsTaken
module.exports.shareMatch = binding.shareMatch
module.exports.systemKeepAlive = binding.systemKeepAlive
module.exports.tcpTimers = binding.tcpTimers
module.exports.tryKeepAlive = binding.tryKeepAlive
