// Builds every package from its sources. What is a dependency in its package.json stays an import; everything else is bundled.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import json from '@rollup/plugin-json'
import nodeResolve from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import typescript from '@rollup/plugin-typescript'
import { dts } from 'rollup-plugin-dts'

const folder = (name) => new URL(`./packages/${name}/`, import.meta.url).pathname

/** One transpiling for all: `tsc -b` has checked the types already. */
const transpile = (options = {}) => typescript({ tsconfig: './tsconfig.rollup.json', ...options })

function external(name) {
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(`${folder(name)}package.json`, 'utf8'))
  const names = Object.keys({ ...dependencies, ...peerDependencies })
  return (id) =>
    id.startsWith('node:') || names.some((dependency) => id === dependency || id.startsWith(`${dependency}/`))
}

/** A warning is a mistake of ours, and fails the build. */
function onwarn(warning) {
  throw new Error(`${warning.code}: ${warning.message}`)
}

/** Removes the chunks of earlier builds: under their hashed names they would stay for ever, and be packed. */
const onlyThisBuild = {
  name: 'only-this-build',
  writeBundle({ dir }, bundle) {
    const isChunk = (file) => /-[\w-]{8}\.js(\.map)?$/.test(file)
    for (const file of readdirSync(dir)) if (isChunk(file) && !(file in bundle)) rmSync(`${dir}/${file}`)
  },
}

/** The ES modules of a package, one file per entry (`inspector/history-worker` → `dist/history-worker.js`), and the types of its library entry. */
function modules(name, entries) {
  const input = Object.fromEntries(entries.map((entry) => [entry.split('/').at(-1), `${folder(name)}src/${entry}.ts`]))
  return [
    {
      input,
      output: { dir: `${folder(name)}dist`, format: 'es', sourcemap: true, chunkFileNames: '[name]-[hash].js' },
      external: external(name),
      plugins: [nodeResolve(), json(), transpile(), onlyThisBuild],
      onwarn,
    },
    {
      input: `${folder(name)}src/index.ts`,
      output: { file: `${folder(name)}dist/index.d.ts`, format: 'es' },
      external: external(name),
      plugins: [dts({ tsconfig: './tsconfig.rollup.json' })],
      onwarn,
    },
  ]
}

/** The most that `tracker.js` may weigh on the wire. */
const TRACKER_BUDGET_BYTES = 4_096

/** Prints what a script weighs and its hash for `integrity`; a script over budget fails the build. */
function weigh(budgetBytes) {
  return {
    name: 'weigh',
    writeBundle(_options, bundle) {
      const [{ fileName, code }] = Object.values(bundle).filter((output) => output.type === 'chunk')
      const bytes = Buffer.from(code)
      const brotli = brotliCompressSync(bytes).length
      const integrity = `sha384-${createHash('sha384').update(bytes).digest('base64')}`
      console.log(
        `${fileName}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzip, ${brotli} brotli (budget ${budgetBytes})`,
      )
      console.log(`${fileName}: integrity="${integrity}"`)
      if (brotli > budgetBytes)
        this.error(`${fileName} is ${brotli - budgetBytes} bytes over its budget of ${budgetBytes} bytes brotli.`)
    },
  }
}

/** `let`s of one scope can be joined into one, `const`s and `let`s cannot: the types have checked already that no constant changes. */
const constantsAsLets = {
  name: 'constants-as-lets',
  renderChunk: (code) => ({ code: code.replace(/\bconst\b/g, 'let'), map: null }),
}

/**
 * Leaves out of js-cookie what no minifier can prove unused: all but `get` and `set`, which `identity.ts` then calls as functions; the reading
 * of all cookies at once; the encoding of names and the converting of values, which `_fbp` and `_fbc` do not need; default attributes,
 * attributes without a value and checks of ours, which are all given and well formed.
 * What stays, stays word for word; another version of js-cookie fails the build until somebody has looked.
 */
const onlyGetAndSet = {
  name: 'only-get-and-set',
  transform(code, id) {
    let kept = code
    for (const [part, instead] of LEFT_OUT[basename(id)] ?? []) {
      if (!part.test(kept)) this.error(`${id} has changed: nothing of it looks like ${part} any more.`)
      kept = kept.replace(part, instead)
    }
    return kept === code ? null : { code: kept, map: null }
  },
}

/** By file: what is replaced, and by what. */
const LEFT_OUT = {
  'js.cookie.mjs': [
    [/if \(typeof document === 'undefined'\) \{\s+return\s+\}/, ''],
    [/if \(typeof document === 'undefined' \|\| [^{]+\{\s+return\s+\}/, ''],
    [/attributes = assign\(\{\}, defaultAttributes, attributes\);/, ''],
    [
      /if \(typeof attributes.expires === 'number'\) \{([^}]+);\s+\}\s+if \(attributes.expires\) \{[^}]+(\.to[^}]+)\}/,
      '$1$2',
    ],
    [/if \(!attributes\[attributeName\]\) \{\s+continue\s+\}/, ''],
    [/if \(attributes\[attributeName\] === true\) \{\s+continue\s+\}/, ''],
    [/\.split\(';'\)\[0\]/, ''],
    [/var jar = \{\};?/, ''],
    [/return name \? jar\[name\] : jar/, ''],
    [/try \{\s+var found = [^]+?catch \(_e\) \{[^}]+\}/, 'if (name === parts[0]) return value'],
    [/converter\.write\(value, name\)/, 'value'],
    [/document\.cookie \? (.+) : \[\]/, '$1'],
    [/name = encodeURIComponent\(name\)[^;]+;/, ''],
    [/\/\*!.+\*\//, ''],
    [/function init\(converter, defaultAttributes\) \{([^]+)return Object\.create\([^]+/, '$1export { get, set }'],
  ],
  'identity.ts': [
    [/import jsCookie from/, 'import * as cookies from'],
    [/const cookies = .+/, ''],
  ],
}

/** The tracker for a `<script>` tag: one file, no globals but its own, as small as it gets. */
const trackerScript = {
  input: `${folder('tracker')}src/snippet.ts`,
  output: { file: `${folder('tracker')}dist/tracker.js`, format: 'iife', sourcemap: 'hidden', compact: true },
  plugins: [
    nodeResolve(),
    onlyGetAndSet,
    transpile({ compilerOptions: { target: 'ES2021' } }),
    constantsAsLets,
    terser({
      ecma: 2020,
      toplevel: true,
      compress: {
        passes: 3,
        // What it takes out of objects, brotli has to be told twice.
        hoist_props: false,
        unsafe: true,
        unsafe_arrows: true,
        unsafe_methods: true,
        pure_getters: true,
        hoist_funs: true,
      },
      // Names that begin with an underscore are inner names; `_fbq` is Meta's.
      mangle: { properties: { regex: /^_/, reserved: ['_fbq', '_fbp', '_fbc', '_pixelMirror'] } },
    }),
    weigh(TRACKER_BUDGET_BYTES),
  ],
  onwarn,
}

/** The most that the inspector's script may weigh on the wire: it must be there at once on a slow line. */
const INSPECTOR_BUDGET_BYTES = 20_480

/** The inspector's page: one script and the files beside it, served by the collector as they are. */
function inspectorPage() {
  const source = `${folder('collector')}inspector-page/`
  const copy = {
    name: 'inspector-page-files',
    generateBundle() {
      for (const fileName of ['index.html', 'inspector.css', 'favicon.svg']) {
        this.addWatchFile(source + fileName)
        this.emitFile({ type: 'asset', fileName, source: readFileSync(source + fileName) })
      }
    },
  }
  return {
    input: `${source}main.ts`,
    output: { file: `${folder('collector')}dist/inspector/inspector.js`, format: 'es' },
    plugins: [
      nodeResolve(),
      transpile({ sourceMap: false }),
      terser({ ecma: 2020, module: true }),
      copy,
      weigh(INSPECTOR_BUDGET_BYTES),
    ],
    onwarn,
  }
}

export default [
  ...modules('common', ['index']),
  ...modules('tracker', ['index']),
  trackerScript,
  ...modules('sandbox', ['index', 'cli']),
  ...modules('collector', ['index', 'main', 'cli', 'inspector/history-worker', 'queue/sqlite/sqlite-worker']),
  inspectorPage(),
]
