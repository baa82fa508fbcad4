/** What packing a package tells, and what its bill of materials is made of. */

/** One package as npm reports that it packed it. */
export interface Packed {
  readonly name: string
  readonly version: string
  /** Where the tarball is. */
  readonly tarball: string
  readonly unpackedSize: number
  readonly files: readonly string[]
}

/** What compiled a binary; a part of each ends up in it. */
export interface Compilers {
  readonly rust: string
  /** None where zig did not link it. */
  readonly zig: string | undefined
}
