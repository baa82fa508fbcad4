/** `npm start`: installs and builds what is missing, then shows the main job. */
import { ready, step } from './ready.mjs'

ready()
console.error()
const demo = ['--import', 'ts-blank-space/register', 'scripts/demo.ts']
step('The demo', process.execPath, demo, { stdio: ['ignore', 'inherit', 'inherit'] })
