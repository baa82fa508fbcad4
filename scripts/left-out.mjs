/** Which of the tests cannot be run on this machine, and why: the same questions that the tests themselves ask. */

/** A sentence for each; none where everything can be run. */
export async function leftOut() {
  await import('ts-blank-space/register')
  const { labUnavailable } = await import('../lab/network/requirements.ts')
  const { postgresUnavailable } = await import('../lab/servers/postgres.ts')
  const { matrixUnavailable } = await import('../lab/clients/matrix.ts')
  const { preloadUnavailable } = await import('../lab/preload.ts')
  const reasons = [await labUnavailable(), await postgresUnavailable(), await matrixUnavailable()]
  return [...new Set([...reasons, preloadUnavailable()])].filter(Boolean)
}
