/**
 * The packages as they are published, each in a folder.
 *
 * The main package's `optionalDependencies` are added here, not in the repository's package.json. Before a release no registry has
 * the versions that they name, so nobody could install from a lockfile with them. The manifest loses what is of use only in the
 * repository: scripts, development tools and their settings.
 */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { minifySync } from 'rolldown/utils'
import { ROOT } from '../../lab/command.ts'
import { binaryOf, TARGETS, type Target } from './targets.ts'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly files: readonly string[]
}

const ONLY_HERE = new Set(['scripts', 'devDependencies', 'overrides', 'ava', 'napi'])

/**
 * Stages the packages of these targets, and last the main package, which names all of TARGETS.
 *
 * @returns each package's folder by its name
 */
export async function stage(
  targets: readonly Target[],
  binaries: string,
  into: string,
): Promise<ReadonlyMap<string, string>> {
  await rm(into, { recursive: true, force: true })
  const staged = new Map<string, string>()
  for (const target of targets) {
    const folder = join(into, target.name)
    staged.set(await stagePlatform(target, binaries, folder), folder)
  }
  return staged.set(await stageMain(join(into, 'main')), join(into, 'main'))
}

async function stagePlatform(target: Target, binaries: string, folder: string): Promise<string> {
  await cp(join(ROOT, 'npm', target.name), folder, { recursive: true })
  await cp(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
  const binary = join(binaries, binaryOf(target))
  try {
    await cp(binary, join(folder, binaryOf(target)))
  } catch (cause) {
    throw new Error(`There is no ${binary}: run \`npm run build -- all\``, { cause })
  }
  return (await readManifest(folder)).name
}

async function stageMain(folder: string): Promise<string> {
  const manifest = await readManifest(ROOT)
  await mkdir(folder, { recursive: true })
  for (const file of [...manifest.files, 'README.md', 'LICENSE']) {
    await cp(join(ROOT, file), join(folder, file), { recursive: true })
  }
  await edit(join(folder, 'index.js'), withoutComments)
  // The bundler notes which file each declaration came from. The README tells what only works in a clone.
  for (const types of ['dist/index.d.cts', 'dist/drill.d.cts']) {
    await edit(join(folder, types), (text) => text.replaceAll(/^\/\/#(end)?region.*\n/gm, ''))
  }
  await edit(join(folder, 'index.d.ts'), sayOnce)
  await edit(join(folder, 'README.md'), (text) => text.replaceAll(/^## See it\n.*?(?=^## )/gms, ''))
  const published = {
    ...Object.fromEntries(Object.entries(manifest).filter(([key]) => !ONLY_HERE.has(key))),
    // So Node need not examine the files. In the repository TypeScript runs as ES modules.
    type: 'commonjs',
    optionalDependencies: await optionalDependencies(manifest.version),
  }
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(published)}\n`)
  return manifest.name
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  await writeFile(file, change(await readFile(file, 'utf8')))
}

/**
 * Removes comments and shortens names. `removeWhitespace` would also turn strings into template literals. ncc does not read paths
 * from those.
 */
function withoutComments(source: string): string {
  const options = { compress: false, mangle: { toplevel: true }, codegen: { removeWhitespace: false } }
  const { code, errors } = minifySync('index.js', source, options)
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join())
  return code.replaceAll(/^\t+/gm, '')
}

/** Moves the sentence about errors, which the binding's types repeat for each function, to the top. */
function sayOnce(types: string): string {
  const sentence = /^ \* Throws (an error if an argument .*)\n/gm
  const [said] = [...types.matchAll(sentence)].map(([, words = '']) => words)
  if (said === undefined) throw new Error('index.d.ts says of no function what it throws')
  const short = types.replaceAll(new RegExp(`^ \\*\n${sentence.source}`, 'gm'), '').replaceAll(sentence, '')
  return `/* Each function throws ${said} */\n${short}`
}

async function optionalDependencies(version: string): Promise<Readonly<Record<string, string>>> {
  const names = TARGETS.map(async (target) => {
    const platform = await readManifest(join(ROOT, 'npm', target.name))
    if (platform.version === version) return platform.name
    throw new Error(
      `${platform.name} is ${platform.version}, not ${version}: run \`npm run build -- folders\``,
    )
  })
  return Object.fromEntries((await Promise.all(names)).map((name) => [name, version]))
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest
}
