/**
 * With an install, every socket of every client library has the requested values, whatever the library sets itself. So does every
 * example. Another process reads the values.
 */
import { testMatrix } from './matrix-tests.ts'

await testMatrix()
