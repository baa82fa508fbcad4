/**
 * With an install, every socket of every client library carries the values asked for, whatever the library does by
 * itself; and so does every example. Read by another process.
 */
import { testMatrix } from './matrix-tests.ts'

await testMatrix()
