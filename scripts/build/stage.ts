/**
 * The packages as they are published, in folders of their own.
 *
 * The main package's `optionalDependencies` are added here and not in the repository's package.json: they name
 * versions that are in no registry before the release, and a lockfile that names them could not be installed from.
 * What is of use only in the repository is left out of the manifest: scripts, development tools and their settings.
 */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { minifySync } from 'rolldown/utils'
import { ROOT } from '../../lab/command.ts'
import type { PlatformManifest } from './create-npm-folders.ts'
import { binaryOf, TARGETS, type Target } from './targets.ts'

export interface StagedPackage {
  readonly name: string
  readonly version: string
  readonly folder: string
}

interface MainManifest {
  readonly name: string
  readonly version: string
  readonly files: readonly string[]
}

const ONLY_HERE = new Set(['scripts', 'devDependencies', 'overrides', 'ava', 'napi'])

/** Stages the packages of these targets, and last the main package, which names all of TARGETS. */
export async function stage(
  targets: readonly Target[],
  binaries: string,
  into: string,
): Promise<readonly StagedPackage[]> {
  await rm(into, { recursive: true, force: true })
  const staged: StagedPackage[] = []
  for (const target of targets) staged.push(await stagePlatform(target, binaries, join(into, target.name)))
  return [...staged, await stageMain(join(into, 'main'))]
}

async function stagePlatform(target: Target, binaries: string, folder: string): Promise<StagedPackage> {
  const source = join(ROOT, 'npm', target.name)
  await mkdir(folder, { recursive: true })
  for (const file of ['package.json', 'README.md']) await cp(join(source, file), join(folder, file))
  await cp(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
  const binary = join(binaries, binaryOf(target))
  try {
    await cp(binary, join(folder, binaryOf(target)))
  } catch (cause) {
    throw new Error(`there is no ${binary}: \`npm run build -- all\` makes it`, { cause })
  }
  const { name, version } = await readManifest<PlatformManifest>(folder)
  return { name, version, folder }
}

async function stageMain(folder: string): Promise<StagedPackage> {
  const manifest = await readManifest<MainManifest>(ROOT)
  const { name, version } = manifest
  await mkdir(folder, { recursive: true })
  for (const file of [...manifest.files, 'README.md', 'LICENSE']) {
    await cp(join(ROOT, file), join(folder, file), { recursive: true })
  }
  const loader = join(folder, 'index.js')
  await writeFile(loader, withoutComments(await readFile(loader, 'utf8')))
  // The bundler's marks of which file a declaration came from, what is said again, and what a reader can only do in a clone.
  for (const types of ['dist/index.d.cts', 'dist/drill.d.cts'])
    await cut(join(folder, types), /^\/\/#(end)?region.*\n/gm)
  await sayOnce(join(folder, 'index.d.ts'))
  await cut(join(folder, 'README.md'), /^## See it\n.*?(?=^## )/gms)
  const kept = Object.entries(manifest).filter(([key]) => !ONLY_HERE.has(key))
  // Node need not look into the files to know what they are; in the repository TypeScript is run as ES modules.
  const type = 'commonjs'
  const published = {
    ...Object.fromEntries(kept),
    type,
    optionalDependencies: await optionalDependencies(version),
  }
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(published)}\n`)
  return { name, version, folder }
}

/**
 * The same statements, without comments and with short names. Strings stay strings: ncc does not read the paths of template
 * literals, which are what `removeWhitespace` makes of them.
 */
function withoutComments(source: string): string {
  const options = { compress: false, mangle: { toplevel: true }, codegen: { removeWhitespace: false } }
  const { code, errors } = minifySync('index.js', source, options)
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join())
  return code.replaceAll(/^\t+/gm, '')
}

async function cut(file: string, what: RegExp): Promise<void> {
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll(what, ''))
}

/** What the binding's types say of each function in the same words stands above them all. */
async function sayOnce(types: string): Promise<void> {
  const sentence = /^ \* Throws (an error if an argument .*)\n/gm
  const text = await readFile(types, 'utf8')
  const [said] = [...text.matchAll(sentence)].map(([, words = '']) => words)
  if (said === undefined) throw new Error(`${types} says of no function what it throws`)
  const short = text.replaceAll(new RegExp(`^ \\*\n${sentence.source}`, 'gm'), '').replaceAll(sentence, '')
  await writeFile(types, `/* Each function throws ${said} */\n${short}`)
}

async function optionalDependencies(version: string): Promise<Readonly<Record<string, string>>> {
  const platforms = await Promise.all(
    TARGETS.map((target) => readManifest<PlatformManifest>(join(ROOT, 'npm', target.name))),
  )
  const other = platforms.find((platform) => platform.version !== version)
  if (other) {
    throw new Error(`${other.name} is ${other.version}, not ${version}: \`npm run build -- folders\``)
  }
  return Object.fromEntries(platforms.map((platform) => [platform.name, version]))
}

async function readManifest<T>(folder: string): Promise<T> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as T
}
