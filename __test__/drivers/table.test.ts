import { readFileSync } from 'node:fs'
import test from 'ava'
import { clientTable, layerTable } from './client-table.ts'

const page = readFileSync(new URL('../../docs/drivers.md', import.meta.url), 'utf8')

test('the tables in docs/drivers.md equal the test data, row by row', (t) => {
  for (const table of [clientTable(), layerTable()]) t.true(page.includes(table), table)
})
