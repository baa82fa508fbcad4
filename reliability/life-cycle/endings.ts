/** Programs that end, or throw, in the middle of one of the package's calls. */
import { strict as assert } from 'node:assert'
import { createRequire } from 'node:module'
import { end, type Ended } from './program.ts'

const places = createRequire(import.meta.url)('./endings.cjs') as readonly string[]

/** Where nothing is thrown, as it runs inside an event: what is thrown there is reported. */
const REPORTED = 'a match function'

/** What must be seen of each, which is what is seen of a program that does the same outside of any call. */
const ways: Readonly<Record<string, (ended: Ended, place: string) => void>> = {
  exit({ code, stdout, stderr }) {
    assert.deepEqual([code, stdout, stderr], [7, '', ''])
  },
  throw({ code, stdout, stderr }, place) {
    assert.equal(stdout, '')
    if (place === REPORTED) {
      assert.equal(code, 0)
      assert.match(stderr, /TCP_KEEPALIVE_NOT_SET.*in the middle/)
    } else {
      assert.equal(code, 1)
      assert.match(stderr, /\nError: in the middle\n {4}at (?:Socket\.|Server\.)?inTheMiddle /)
    }
  },
  'throw caught'({ code, stdout }, place) {
    assert.deepEqual([code, stdout], [0, place === REPORTED ? '' : 'went on\n'])
  },
}

/** @returns how many programs ended as they must */
export async function endings(node: string): Promise<number> {
  let count = 0
  for (const place of places) {
    const ended = Object.entries(ways).map(async ([way, check]) => {
      const result = await end(node, ['endings.cjs', place, ...way.split(' ')])
      assert.equal(result.signal, null, `${place}, ${way}: ${result.stderr}`)
      try {
        check(result, place)
      } catch (cause) {
        throw new Error(`${place}, ${way}:\n${result.stdout}${result.stderr}`, { cause })
      }
    })
    await Promise.all(ended)
    count += ended.length
  }
  return count
}
