// The module that pino loads in its worker.
import { writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import { look } from './look.cjs'

export default () => {
  look((isCovered) => {
    writeSync(1, JSON.stringify(isCovered))
    process.exit()
  })
  return new Writable({ write: (_line, _encoding, done) => done() })
}
