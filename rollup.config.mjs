// Builds every package from its sources. What is a dependency in its package.json stays an import; everything else is bundled.
import { readFileSync } from 'node:fs'
import json from '@rollup/plugin-json'
import nodeResolve from '@rollup/plugin-node-resolve'
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

/** The ES modules of a package, one file per entry (`inspector/history-worker` → `dist/history-worker.js`), and the types of its library entry. */
function modules(name, entries) {
  const input = Object.fromEntries(entries.map((entry) => [entry.split('/').at(-1), `${folder(name)}src/${entry}.ts`]))
  return [
    {
      input,
      output: { dir: `${folder(name)}dist`, format: 'es', sourcemap: true, chunkFileNames: '[name]-[hash].js' },
      external: external(name),
      plugins: [nodeResolve(), json(), transpile()],
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

export default [
  ...modules('common', ['index']),
  ...modules('tracker', ['index']),
  ...modules('sandbox', ['index']),
  ...modules('collector', ['index', 'inspector/history-worker']),
]
