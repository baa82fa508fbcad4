/** The seed of this run's random tests, if somebody has given one (scripts/seed.mjs). */
const given = process.env['KEEPALIVE_SEED']

if (given !== undefined && !/^-?\d+$/.test(given)) {
  throw new Error(`KEEPALIVE_SEED must be a whole number, not "${given}"`)
}

export const givenSeed: number | undefined = given === undefined ? undefined : Number(given)

/** For a test that draws random values itself, and prints it. */
export function drawSeed(): number {
  return givenSeed ?? Math.floor(Math.random() * 2 ** 31)
}
