/** The seed of this run's random tests, where somebody has given it one (scripts/seed.mjs). */
const given = process.env['KEEPALIVE_SEED']

export const givenSeed: number | undefined = given === undefined ? undefined : Number(given)

/** For a test that draws at random by itself, which prints it. */
export function drawSeed(): number {
  return givenSeed ?? Math.floor(Math.random() * 2 ** 31)
}
