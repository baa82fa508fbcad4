/** A package, as npm reports it after packing. */
export interface Packed {
  readonly name: string
  readonly version: string
  /** The path of the tarball. */
  readonly tarball: string
  readonly unpackedSize: number
  readonly files: readonly string[]
}
