/**
 * Publishes tarballs: the platforms' first and the main package last, so that everybody who can install the main one can install its
 * binary. Skips published versions, so a release that stopped half-way can be run again.
 */
import type { Packed } from './packed.ts'
import { run } from '../../lab/run.ts'

/** `npm run --silent` would also hide why npm fails. */
const LOG_ERRORS = '--loglevel=error'

/**
 * Publishes to the registry that npm is configured for.
 *
 * @param parameters more arguments for npm, such as --registry or --provenance
 * @returns the packages that were published now
 */
export async function publish(
  packages: readonly Packed[],
  parameters: readonly string[] = [],
): Promise<readonly Packed[]> {
  const common = [LOG_ERRORS, ...parameters]
  const published: Packed[] = []
  for (const each of packages) {
    const { name, version, tarball } = each
    if (await isPublished(each, common)) {
      console.log(`${name}@${version} is published already`)
      continue
    }
    // Users get a prerelease (semver.org, 9) only if they ask for it. A release gets `latest` by default: npm then refuses a
    // version older than the published ones.
    const tag = version.includes('-') ? ['--tag=next'] : []
    const options = ['--access=public', '--ignore-scripts', ...tag, ...common]
    await run('npm', ['publish', tarball, ...options])
    console.log(`${name}@${version} published`)
    published.push(each)
  }
  return published
}

async function isPublished({ name, version }: Packed, common: readonly string[]): Promise<boolean> {
  try {
    const viewed = await run('npm', ['view', `${name}@${version}`, 'version', '--prefer-online', ...common])
    return viewed.trim() === version
  } catch (error) {
    if (error instanceof Error && error.message.includes('E404')) return false
    throw error
  }
}
