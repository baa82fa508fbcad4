/** `node python.mjs FOLDER REQUIREMENTS`: installs the Python packages of a requirements file into a folder, with plain Node. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Does nothing if the folder has them already; returns false if they cannot be installed. */
export function readyPython(folder, requirements) {
  const installed = join(folder, basename(requirements))
  const wanted = readFileSync(requirements, 'utf8')
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return true
  console.error(`\u2022 Installing ${wanted.match(/^[\w-]+(?===)/gm).join(', ')} from PyPI`)
  const pip = [
    '-m',
    'pip',
    '--quiet',
    '--disable-pip-version-check',
    'install',
    '--requirement',
    requirements,
  ]
  const isReady = quietly('python3', ['-m', 'venv', folder]) && quietly(join(folder, 'bin/python'), pip)
  if (isReady) writeFileSync(installed, wanted)
  else console.error('  This needs Python 3 with venv (Debian package python3-venv).')
  return isReady
}

function quietly(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) console.error(`${stdout ?? ''}${stderr ?? `${command} was not found`}`)
  return status === 0
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !readyPython(process.argv[2], process.argv[3])) {
  process.exitCode = 1
}
