/**
 * Every platform that gets a binary: what the compiler is asked for, and what the file that comes out must be.
 *
 * The names are those that napi-rs's loader looks for. On Windows that is `-msvc` whatever compiler made the
 * binary; this one comes from the LLVM flavour of MinGW, as it is the one that links on another system.
 */
export interface Target {
  readonly name: string
  /** As rustc calls it. */
  readonly triple: string
  readonly rustFlags: readonly string[]
  /** More of them, for a compiler that takes unstable ones, as it does where it builds the library. */
  readonly unstableRustFlags?: readonly string[]
  /** The file that cargo leaves. */
  readonly library: string
  readonly file: ExpectedFile
}

/** What the audit holds a binary to. */
export interface ExpectedFile {
  readonly format: 'ELF' | 'MachO' | 'PE'
  readonly machine: 'X86_64' | 'AARCH64' | 'ARM'
  /** The libraries that it may need: those that are on every system of this kind, and no others. */
  readonly libraries: RegExp
  /** The newest version of the C library whose symbols it may need, by the prefix of its symbol versions. */
  readonly newestSymbol?: { readonly prefix: string; readonly version: string }
  /** The oldest macOS that loads it. */
  readonly minimumSystem?: string
  /** In bytes. */
  readonly limit: number
}

/** The binary's name begins with this; `napi.binaryName` of package.json. */
export const BINARY_NAME = 'tcp-keepalive'

/** CentOS 7's, and the oldest that Rust itself supports. */
export const OLDEST_GLIBC = '2.17'

/** Big Sur, the first that runs on Apple silicon. */
export const OLDEST_MACOS = '11.0'

const KIB = 1024

/** zig compiles what it links of its own (libunwind, the start-up code) as this says: for size. */
const SMALL = '-Clink-arg=-Os'

/**
 * Windows alone: there Node's functions are looked up one by one, 20 KB of code that runs once. What a call costs is the
 * system's part of it.
 */
const SMALLEST = '-Copt-level=z'

/**
 * Where in the source a panic began is not said: those texts take 3 KB, and what it was about goes into the JavaScript error
 * all the same. On macOS it is said, where pages leave room, so that the bill of materials can be held against
 * the names of crates in it.
 */
export const NO_LOCATIONS = '-Zlocation-detail=none'

/** How Rust would show a value to its developer (`{:?}`): 4 KB of code, for messages of panics alone, which go on without it. */
const NO_DEBUG_TEXTS = '-Zfmt-debug=none'

/** Apple silicon has pages of 16 KB, and what is compiled for speed elsewhere (Cargo.toml) would be a few bytes of one more. */
const ALL_SMALL = '-Copt-level=s'

/** Cargo forgets `strip` of the profile for a crate that has a profile of its own (Cargo.toml); the other linkers strip anyway. */
const STRIPPED = '-Cstrip=symbols'

/**
 * Apple silicon runs nothing unsigned, and the linker's own signature needs no identity. The library's name would
 * otherwise be the path at which it was built.
 */
const MACOS_LINK_ARGUMENTS = [
  '-adhoc_codesign',
  '-dead_strip_dylibs',
  '-install_name',
  `@rpath/${BINARY_NAME}.node`,
]

/**
 * How to unwind from calls, where a panic can begin, and not from between any two instructions, as only a profiler
 * would. Apple's compact form of the tables can say no more on ARM; the long one took 10 KB, and with the pages 16.
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
  elf('freebsd-x64', 'x86_64-unknown-freebsd', 'X86_64', {
    // All of the base system.
    libraries: /^(libc\.so\.7|libthr\.so\.3|libm\.so\.5|libgcc_s\.so\.1)$/,
    limit: 136 * KIB,
  }),
]

/** The target's binary as npm packages and the loader call it. */
export function binaryOf(target: Target): string {
  return `${BINARY_NAME}.${target.name}.node`
}

/** The other linker, that of macOS, takes what it needs from the system. */
export function linksWithZig({ file }: Target): boolean {
  return file.format !== 'MachO'
}

/** The targets of these names, all where none is named. */
export function targetsNamed(names: readonly string[]): readonly Target[] {
  if (names.length === 0) return TARGETS
  return names.map((name) => {
    const target = TARGETS.find((each) => each.name === name || each.triple === name)
    if (target) return target
    throw new Error(`no target "${name}"; there are: ${TARGETS.map((each) => each.name).join(', ')}`)
  })
}

function elf(
  name: string,
  triple: string,
  machine: ExpectedFile['machine'],
  file: Omit<ExpectedFile, 'format' | 'machine'>,
  rustFlags: readonly string[] = [],
): Target {
  return {
    name,
    triple,
    rustFlags: [SMALL, ...rustFlags],
    unstableRustFlags: [NO_LOCATIONS, NO_DEBUG_TEXTS],
    library: 'libtcp_keepalive_node.so',
    file: { format: 'ELF', machine, ...file },
  }
}

function glibc(name: string, triple: string, machine: ExpectedFile['machine']): Target {
  return elf(name, triple, machine, {
    libraries: /^(lib(c|m|dl|rt|pthread)\.so\.\d|ld-linux[-\w]*\.so\.\d)$/,
    newestSymbol: { prefix: 'GLIBC_', version: OLDEST_GLIBC },
    limit: 220 * KIB,
  })
}

/** Node brings the C library; an addon with another one inside could not work. */
function musl(name: string, triple: string, machine: ExpectedFile['machine']): Target {
  const file = { libraries: /^libc\.so$/, limit: 220 * KIB }
  return elf(name, triple, machine, file, ['-Ctarget-feature=-crt-static'])
}

function macos(name: string, triple: string, machine: ExpectedFile['machine']): Target {
  return {
    name,
    triple,
    rustFlags: [
      '-Clinker-flavor=ld64.lld',
      ...MACOS_LINK_ARGUMENTS.map((argument) => `-Clink-arg=${argument}`),
      STRIPPED,
      ...(machine === 'AARCH64' ? [ALL_SMALL] : []),
    ],
    unstableRustFlags: machine === 'AARCH64' ? [NO_DEBUG_TEXTS, SHORT_TABLES] : [NO_DEBUG_TEXTS],
    library: 'libtcp_keepalive_node.dylib',
    file: {
      format: 'MachO',
      machine,
      libraries: /^\/usr\/lib\/libSystem\.B\.dylib$/,
      minimumSystem: OLDEST_MACOS,
      // A segment fills whole pages, of 16 KB each on Apple silicon.
      limit: (machine === 'AARCH64' ? 160 : 130) * KIB,
    },
  }
}

function windows(name: string, triple: string, machine: ExpectedFile['machine']): Target {
  return {
    name,
    triple,
    rustFlags: [SMALL, SMALLEST],
    unstableRustFlags: [NO_LOCATIONS, NO_DEBUG_TEXTS],
    library: 'tcp_keepalive_node.dll',
    file: {
      format: 'PE',
      machine,
      libraries: /^((kernel32|ntdll|ws2_32|bcryptprimitives)|api-ms-win-(core|crt)-[-\w]+)\.dll$/i,
      limit: 152 * KIB,
    },
  }
}
