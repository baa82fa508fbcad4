import { refuse } from './usage.mjs'

/** The variable with the seed of the random tests: those of fast-check, and the parts of `reliability` that tests start. */
export const SEED = 'KEEPALIVE_SEED'

/** Draws a seed if the variable is not set, and prints it, so that the run can be repeated. */
export function drawSeed() {
  process.env[SEED] ??= String(Math.floor(Math.random() * 2 ** 31))
  if (!/^-?\d+$/.test(process.env[SEED])) refuse(`${SEED} must be a whole number, not "${process.env[SEED]}"`)
  console.log(
    `\u2022 Random tests have the seed ${process.env[SEED]}; to repeat them: ${SEED}=${process.env[SEED]}`,
  )
}
