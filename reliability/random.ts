/** Choices that a seed repeats. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export class Random {
  readonly #generator: ReturnType<typeof xoroshiro128plus>

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed)
    this.#generator.next() // the first numbers of neighbouring seeds are alike
  }

  /** A whole number from 0 up to, and not including, `end`. One draw, whatever `end` is, so that choices stay in step. */
  below(end: number): number {
    return Math.floor(((this.#generator.next() >>> 0) / 2 ** 32) * end)
  }

  /** A number from `from` up to, and not including, `to`. */
  between(from: number, to: number): number {
    return from + (this.below(2 ** 31) / 2 ** 31) * (to - from)
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  /** One of them; of an empty list `undefined`. */
  pick<T>(list: readonly [T, ...T[]]): T
  pick<T>(list: readonly T[]): T | undefined
  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)]
  }

  /** All of them, in a random order. */
  shuffled<T>(all: readonly T[]): T[] {
    return all
      .map((each) => ({ each, place: this.between(0, 1) }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ each }) => each)
  }
}
