import { refuse } from './usage.mjs'

/**
 * The seed of a run's random tests (fast-check's, and the suites of `reliability` that the tests start). Tests take it from the
 * environment, so that a run can be repeated. Where nobody has given one, a run draws its own and prints it.
 */
export const SEED = 'KEEPALIVE_SEED'

/** Gives a run a seed and says which. */
export function drawSeed() {
  process.env[SEED] ??= String(Math.floor(Math.random() * 2 ** 31))
  if (!/^-?\d+$/.test(process.env[SEED])) refuse(`${SEED} must be a whole number, not "${process.env[SEED]}"`)
  console.log(
    `\u2022 Random tests have the seed ${process.env[SEED]}; to repeat them: ${SEED}=${process.env[SEED]}`,
  )
}
