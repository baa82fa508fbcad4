/** Why tests will be left out on this machine: a sentence for each reason. The tests themselves call the same functions. */
export async function leftOut() {
  await import('ts-blank-space/register')
  const { labUnavailable } = await import('../lab/network/requirements.ts')
  const { postgresUnavailable } = await import('../lab/servers/postgres.ts')
  const { matrixUnavailable } = await import('../lab/clients/matrix.ts')
  const { preloadUnavailable } = await import('../lab/preload.ts')
  const reasons = [await labUnavailable(), await postgresUnavailable(), await matrixUnavailable()]
  return [...new Set([...reasons, preloadUnavailable()])].filter(Boolean)
}
