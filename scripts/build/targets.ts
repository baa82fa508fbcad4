/**
 * Every platform that gets a binary: the compiler's options, and the required properties of the file.
 *
 * The names are those that napi-rs's loader looks for. On Windows the name ends with `-msvc` whatever compiler made the binary.
 * These are made by the LLVM flavour of MinGW, which can link on another system.
 */
import { named } from '../../lab/command.ts'

export interface Target {
  readonly name: string
  /** rustc's name of it. */
  readonly triple: string
  readonly rustFlags: readonly string[]
  /** The file that cargo writes. */
  readonly library: string
  readonly file: ExpectedFile
}

/** The properties that the audit demands. */
export interface ExpectedFile {
  readonly format: 'ELF' | 'MachO' | 'PE'
  readonly machine: 'X86_64' | 'AARCH64' | 'ARM'
  /** The only libraries that the file may need. Every system of this kind has them. */
  readonly libraries: RegExp
  /** The file may need no symbol of a newer glibc. */
  readonly newestGlibc?: string
  /** The oldest macOS that loads it. */
  readonly minimumSystem?: string
  /** In bytes. */
  readonly limit: number
}

/** The start of each binary's name; `napi.binaryName` of package.json. */
export const BINARY_NAME = 'tcp-keepalive'

/** CentOS 7's glibc, and the oldest that Rust supports. */
export const OLDEST_GLIBC = '2.17'

/** Big Sur, the first that runs on Apple silicon. */
export const OLDEST_MACOS = '11.0'

const KIB = 1024

/** zig compiles the code that it adds (libunwind, the start-up code) with this option: for size. */
const SMALL = '-Clink-arg=-Os'

/**
 * For Windows alone: there the binding looks up Node's functions one by one, in 20 KB of code that runs once. The system takes most of
 * the time of a call.
 */
const SMALLEST = '-Copt-level=z'

/**
 * Leaves out the places in the source where a panic can begin: 3 KB of text. The JavaScript error still has the panic's message. On
 * macOS the places stay, because its pages have room for them. The test of the bill of materials reads the names of crates there.
 */
export const NO_LOCATIONS = '-Zlocation-detail=none'

/** Leaves out the developer's form of values (`{:?}`): 4 KB of code that only the messages of panics use. */
const NO_DEBUG_TEXTS = '-Zfmt-debug=none'

/** Apple silicon has pages of 16 KB. The code that Cargo.toml compiles for speed would need a few bytes of one more page. */
const ALL_SMALL = '-Copt-level=s'

/** Cargo ignores the profile's `strip` for a crate with its own profile (Cargo.toml). The other linkers strip anyway. */
const STRIPPED = '-Cstrip=symbols'

/**
 * Tables for unwinding from calls, where a panic can begin, and not from every instruction, which only a profiler needs. On ARM, Apple's
 * compact form has no more. The long form took 10 KB, and with the pages 16.
 */
const SHORT_TABLES = '-Zuse-sync-unwind=yes'

export const TARGETS: readonly Target[] = [
  glibc('linux-x64-gnu', 'x86_64-unknown-linux-gnu', 'X86_64'),
  glibc('linux-arm64-gnu', 'aarch64-unknown-linux-gnu', 'AARCH64'),
  glibc('linux-arm-gnueabihf', 'armv7-unknown-linux-gnueabihf', 'ARM'),
  musl('linux-x64-musl', 'x86_64-unknown-linux-musl', 'X86_64'),
  musl('linux-arm64-musl', 'aarch64-unknown-linux-musl', 'AARCH64'),
  macos('darwin-x64', 'x86_64-apple-darwin', 'X86_64'),
  macos('darwin-arm64', 'aarch64-apple-darwin', 'AARCH64'),
  windows('win32-x64-msvc', 'x86_64-pc-windows-gnullvm', 'X86_64'),
  windows('win32-arm64-msvc', 'aarch64-pc-windows-gnullvm', 'AARCH64'),
  elf('freebsd-x64', 'x86_64-unknown-freebsd', {
    machine: 'X86_64',
    // The base system has all of them.
    libraries: /^(libc\.so\.7|libthr\.so\.3|libm\.so\.5|libgcc_s\.so\.1)$/,
    limit: 136 * KIB,
  }),
]

/** The name of the target's binary, as npm packages and the loader use it. */
export function binaryOf(target: Target): string {
  return `${BINARY_NAME}.${target.name}.node`
}

/** Returns the targets with these names, or all if there is no name. */
export function targetsNamed(names: readonly string[]): readonly Target[] {
  return names.length === 0 ? TARGETS : names.map((name) => named('target', TARGETS, name))
}

type Machine = ExpectedFile['machine']

function elf(name: string, triple: string, file: Omit<ExpectedFile, 'format'>, ...more: string[]): Target {
  const rustFlags = [SMALL, ...more, NO_LOCATIONS, NO_DEBUG_TEXTS]
  return { name, triple, rustFlags, library: 'libtcp_keepalive_node.so', file: { format: 'ELF', ...file } }
}

function glibc(name: string, triple: string, machine: Machine): Target {
  const libraries = /^(lib(c|m|dl|rt|pthread)\.so\.\d|ld-linux[-\w]*\.so\.\d)$/
  return elf(name, triple, { machine, libraries, newestGlibc: OLDEST_GLIBC, limit: 220 * KIB })
}

/** Node brings the C library. An addon that contains another one cannot work. */
function musl(name: string, triple: string, machine: Machine): Target {
  const file = { machine, libraries: /^libc\.so$/, limit: 220 * KIB }
  return elf(name, triple, file, '-Ctarget-feature=-crt-static')
}

function macos(name: string, triple: string, machine: Machine): Target {
  // Apple silicon runs nothing unsigned. The linker's own signature needs no identity. The default of `-install_name` is the path of
  // the build.
  const linking = ['-adhoc_codesign', '-dead_strip_dylibs', '-install_name', `@rpath/${BINARY_NAME}.node`]
  const common = ['-Clinker-flavor=ld64.lld', ...linking.map((each) => `-Clink-arg=${each}`), STRIPPED]
  const isArm = machine === 'AARCH64'
  return {
    name,
    triple,
    rustFlags: [...common, ...(isArm ? [ALL_SMALL, NO_DEBUG_TEXTS, SHORT_TABLES] : [NO_DEBUG_TEXTS])],
    library: 'libtcp_keepalive_node.dylib',
    file: {
      format: 'MachO',
      machine,
      libraries: /^\/usr\/lib\/libSystem\.B\.dylib$/,
      minimumSystem: OLDEST_MACOS,
      // A segment fills whole pages, of 16 KB each on Apple silicon.
      limit: (isArm ? 160 : 130) * KIB,
    },
  }
}

function windows(name: string, triple: string, machine: Machine): Target {
  const libraries = /^((kernel32|ntdll|ws2_32|bcryptprimitives)|api-ms-win-(core|crt)-[-\w]+)\.dll$/i
  return {
    name,
    triple,
    rustFlags: [SMALL, SMALLEST, NO_LOCATIONS, NO_DEBUG_TEXTS],
    library: 'tcp_keepalive_node.dll',
    file: { format: 'PE', machine, libraries, limit: 152 * KIB },
  }
}
