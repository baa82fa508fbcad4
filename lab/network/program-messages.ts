/** What travels between a test and its program on a host. */

export type ToProgram =
  | { readonly kind: 'begin'; readonly source: string; readonly args: unknown }
  | { readonly kind: 'message'; readonly message: unknown }

export type FromProgram =
  | { readonly kind: 'told'; readonly name: string; readonly at: number; readonly data: unknown }
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: SentError }

/** An error by its parts: structured clone keeps neither `code` nor the class of an error. */
export interface SentError {
  readonly name: string
  readonly message: string
  readonly stack: string
  /** Such as `code`, `errno`, `syscall`, `address` and `port`. */
  readonly properties: Readonly<Record<string, string | number | boolean>>
}
