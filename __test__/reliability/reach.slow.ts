/** Files and sockets are opened and closed while all are scanned. `npm run reliability -- reach` does this for ten minutes. */
import test from 'ava'
import { run } from '../../reliability/reach/main.ts'

test('no lock is lost, no other socket changed, no descriptor kept, and nothing waits for a lingering close', async (t) => {
  t.timeout(400_000, 'the binding is compiled once more')
  const figures = await run(['--seconds', '20']) // which throws where anything of that is not so
  for (const [what, figure] of figures) t.log(`${what}: ${figure}`)
  t.true(figures.length > 0)
})
