/**
 * The suites that take long or need much: `npm test -- slow`, and `.ci/run`. The rest is as in package.json. The time is that
 * without any test's end: a file may first install a dozen packages over a slow network.
 */
import { readFileSync } from 'node:fs'

const { ava } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

export default { ...ava, files: ['__test__/**/*.slow.ts'], timeout: '30m' }
