/** `npm start`: installs and builds what is missing, then shows the main job. */
import { ready, step } from './ready.mjs'

ready()
console.error()
const demo = ['--import', '@oxc-node/core/register', 'scripts/demo.mts']
step('The demo', process.execPath, demo, { stdio: ['ignore', 'inherit', 'inherit'] })
