/**
 * What `import 'tcp-keepalive/drill'` and `require('tcp-keepalive/drill')` give: connections cut off on purpose, to see what a
 * program does. Linux only.
 *
 * @module drill
 */
export { type Drill, cutOff } from '../drill/cut-off.ts'
export type { Target } from '../socket/target.ts'
