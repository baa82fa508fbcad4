/** Who may import whom, types included: a part of `npm run check`. */

/** The layers of src/, the highest first; the entry files, in src/ itself and src/entry/, are above them all. */
const LAYERS = ['cli', 'drill', 'inspect', 'reach', 'hold', 'deadline', 'socket', 'settings']
/** Both are entries: the drill and the command line may import each other. */
const BESIDE = { cli: ['drill'], drill: ['cli'] }

const folders = (...names) => `^(?:${names.join('|')})/`

/**
 * src/socket/native.ts requires `../index.js`, which is the loader beside dist/ once it is built. As a source path it reads like
 * the entry file src/index.ts, which no layer imports.
 */
const LOADER = '^src/index\\.ts$'
/** src/entry/core.ts requires the file that has all, its own exports among them, where more is called for. */
const READ_LATER = '^src/entry/core\\.ts$'
const ASKS_THE_LOADER = '^src/socket/native\\.ts$'

/** These two name what they share with the implementation, which the build puts into one file. */
const COMMAND_LINE = '^src/cli/(main|drill-inside)\\.ts$'

const upwards = LAYERS.map((layer, index) => {
  const above = LAYERS.slice(0, index).filter((each) => !BESIDE[layer]?.includes(each))
  const higher = above.length > 0 ? `|(?:${above.join('|')})/` : ''
  return {
    name: `${layer}-imports-down`,
    comment: `src/${layer} imports only what is beneath it: a layer is understood without those above it.`,
    severity: 'error',
    from: { path: `^src/${layer}/`, pathNot: [ASKS_THE_LOADER, COMMAND_LINE] },
    to: { path: `^src/(?:[^/]+$|entry/${higher})` },
  }
})

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circle',
      comment:
        'Of two files in a circle neither is understood, loaded or tested without the other. What both need goes beneath both.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { pathNot: `${LOADER}|${READ_LATER}` } },
    },
    ...upwards,
    {
      name: 'src-stands-alone',
      comment: 'The package is what is published: nothing that stays in the repository is a part of it.',
      severity: 'error',
      from: { path: folders('src') },
      to: { path: folders('__test__', 'bench', 'examples', 'lab', 'reliability', 'scripts') },
    },
    {
      name: 'lab-is-equipment',
      comment: 'Equipment knows nothing of those who use it, or they could not share it.',
      severity: 'error',
      from: { path: folders('lab') },
      to: { path: folders('__test__', 'bench', 'reliability', 'scripts') },
    },
    {
      name: 'tests-are-used-by-nobody',
      comment: 'What a test and something else need is equipment, and lies in lab/.',
      severity: 'error',
      from: { path: folders('bench', 'reliability', 'scripts') },
      to: { path: folders('__test__') },
    },
    {
      name: 'scripts-measure-nothing',
      comment: 'scripts/ builds, checks and releases; bench/ and reliability/ measure what it built.',
      severity: 'error',
      from: { path: folders('scripts') },
      to: { path: folders('bench', 'reliability') },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist/', '^index\\.js$'] },
    exclude: { path: ['^dist/', 'node_modules'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.cjs', '.js', '.json'] },
    moduleSystems: ['es6', 'cjs'],
  },
}
