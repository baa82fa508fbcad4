/**
 * Publishes tarballs: the platforms' first and the main package last, so that whoever can install the main one can
 * install its binary. What is published already is left alone: a release that stopped half way is run again.
 */
import type { Packed } from './packed.ts'
import { run } from '../../lab/run.ts'

/** `npm run --silent` would silence the reason of a failure too. */
const LOG_ERRORS = '--loglevel=error'

export interface PublishOptions {
  /** npm's own where none is given, as its configuration says. */
  readonly registry?: string
  /** More arguments for `npm publish`, such as --provenance. */
  readonly parameters?: readonly string[]
}

/** The packages that were published now. */
export async function publish(
  packages: readonly Packed[],
  { registry, parameters = [] }: PublishOptions = {},
): Promise<readonly Packed[]> {
  const at = registry === undefined ? [] : [`--registry=${registry}`]
  const published: Packed[] = []
  for (const each of packages) {
    if (await isPublished(each, at)) {
      console.log(`${each.name}@${each.version} is published already`)
      continue
    }
    const options = ['--access=public', ...tagOf(each), '--ignore-scripts', LOG_ERRORS, ...at, ...parameters]
    await run('npm', ['publish', each.tarball, ...options])
    console.log(`${each.name}@${each.version} published`)
    published.push(each)
  }
  return published
}

/**
 * A prerelease (semver.org, 9) is only for those who ask for it. A release gets npm's own `latest`, unasked, as npm then
 * refuses one that is older than what is there.
 */
function tagOf({ version }: Packed): readonly string[] {
  return version.includes('-') ? ['--tag=next'] : []
}

async function isPublished({ name, version }: Packed, at: readonly string[]): Promise<boolean> {
  const parameters = ['view', `${name}@${version}`, 'version', '--prefer-online', LOG_ERRORS, ...at]
  try {
    return (await run('npm', parameters)).trim() === version
  } catch (error) {
    if (error instanceof Error && error.message.includes('E404')) return false
    throw error
  }
}
