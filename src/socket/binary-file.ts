/** Finds out from its first bytes what a file is that should be a native binary. */
import type * as fs from 'node:fs'

export interface BinaryFile {
  /** Text for a message: `for Linux on arm64`. */
  readonly description: string
  /** Whether its end is missing. */
  readonly truncated: boolean
}

/** Long enough for the header of every format. */
const HEADER_LENGTH = 1024

/** @returns `undefined` if the file cannot be read */
export function readBinaryFile(path: string): BinaryFile | undefined {
  const { closeSync, fstatSync, openSync, readSync } = require('node:fs') as typeof fs
  try {
    const file = openSync(path, 'r')
    try {
      const header = Buffer.alloc(HEADER_LENGTH)
      const length = readSync(file, header, 0, HEADER_LENGTH, 0)
      return parseBinaryFile(header.subarray(0, length), fstatSync(file).size)
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
}

/**
 * @param header the beginning of the file
 * @param size the size of the file in bytes
 */
export function parseBinaryFile(header: Buffer, size: number): BinaryFile {
  try {
    const magic = header.readUInt32BE(0)
    if (magic === ELF_MAGIC) return elf(header, size)
    if (magic === MACHO_MAGIC) return whole(`for macOS on ${name(MACHO_MACHINES, header.readUInt32LE(4))}`)
    if (magic >>> 16 === PE_MAGIC) return whole(`for Windows on ${peMachine(header)}`)
    return whole('no native binary')
  } catch {
    return { description: `of ${size} bytes`, truncated: true } // shorter than its header
  }
}

const whole = (description: string): BinaryFile => ({ description, truncated: false })

const ELF_MAGIC = 0x7f_45_4c_46
const MACHO_MAGIC = 0xcf_fa_ed_fe // MH_MAGIC_64 of mach-o/loader.h, little-endian
const PE_MAGIC = 0x4d_5a // 'MZ'

/** e_machine of elf(5), cputype of mach/machine.h, Machine of the PE format. */
const ELF_MACHINES = { 3: 'ia32', 40: 'arm', 62: 'x64', 183: 'arm64' }
const MACHO_MACHINES = { 0x01_00_00_07: 'x64', 0x01_00_00_0c: 'arm64' }
const PE_MACHINES = { 0x01_4c: 'ia32', 0x86_64: 'x64', 0xaa_64: 'arm64' }

function name(machines: Readonly<Record<number, string>>, machine: number): string {
  return machines[machine] ?? `another processor (${machine})`
}

/** elf(5). The section table is at the end of the file, so a file that has all of it is complete. */
function elf(header: Buffer, size: number): BinaryFile {
  const is64 = header.readUInt8(4) === 2
  const sections = is64 ? Number(header.readBigUInt64LE(40)) : header.readUInt32LE(32)
  const entry = header.readUInt16LE(is64 ? 58 : 46)
  const count = header.readUInt16LE(is64 ? 60 : 48)
  // EI_OSABI; compilers for Linux leave it 0.
  const system = header.readUInt8(7) === 9 ? 'FreeBSD' : 'Linux'
  return {
    description: `for ${system} on ${name(ELF_MACHINES, header.readUInt16LE(18))}`,
    truncated: sections + entry * count > size,
  }
}

function peMachine(header: Buffer): string {
  return name(PE_MACHINES, header.readUInt16LE(header.readUInt32LE(60) + 4))
}
