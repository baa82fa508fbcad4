/** Random choices that a seed repeats. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export class Random {
  readonly #generator: ReturnType<typeof xoroshiro128plus>

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed)
    this.#generator.next() // the first numbers of adjacent seeds are similar
  }

  /** A whole number from 0 to `end`, without `end`. It always takes one number of the generator, so runs stay alike. */
  below(end: number): number {
    return Math.floor(((this.#generator.next() >>> 0) / 2 ** 32) * end)
  }

  /** A number from `from` to `to`, without `to`. */
  between(from: number, to: number): number {
    return from + (this.below(2 ** 31) / 2 ** 31) * (to - from)
  }

  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  /** An element; `undefined` if the list is empty. */
  pick<T>(list: readonly [T, ...T[]]): T
  pick<T>(list: readonly T[]): T | undefined
  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)]
  }

  shuffled<T>(all: readonly T[]): T[] {
    return all
      .map((each) => ({ each, place: this.between(0, 1) }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ each }) => each)
  }
}
