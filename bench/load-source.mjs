/** Bundles TypeScript sources of a package as they are now and loads them, so that a benchmark can reach inside without exports of its own. */
import { mkdir } from 'node:fs/promises'
import json from '@rollup/plugin-json'
import nodeResolve from '@rollup/plugin-node-resolve'
import typescript from '@rollup/plugin-typescript'
import { rollup } from 'rollup'

const ROOT = new URL('../', import.meta.url).pathname

/**
 * @param {string} folder the package, for example `packages/collector`
 * @param {Record<string, string>} names each wanted export and the file (inside the package) that has it
 */
export async function loadSource(folder, names) {
  return import(await bundleSource(folder, names))
}

/** The same for another process: returns the URL to import. */
export async function bundleSource(folder, names) {
  const entry = 'virtual:entry.ts'
  const lines = Object.entries(names).map(([name, file]) => `export { ${name} } from '${ROOT}${folder}/${file}'`)
  const bundle = await rollup({
    input: entry,
    external: (id) =>
      id.startsWith('node:') ||
      (!id.startsWith('.') && !id.startsWith('/') && !id.startsWith('virtual:') && !id.startsWith('@pixel-mirror/')),
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? lines.join('\n') : null),
      },
      nodeResolve({ exportConditions: ['@pixel-mirror/source', 'node', 'import', 'default'] }),
      json(),
      typescript({ tsconfig: `${ROOT}tsconfig.rollup.json` }),
    ],
  })
  // Inside the package, so that its dependencies are found.
  const file = `${ROOT}${folder}/node_modules/.cache/bench/${Object.keys(names).join('-').slice(0, 60)}.mjs`
  await mkdir(new URL('.', `file://${file}`), { recursive: true })
  await bundle.write({ file, format: 'es', inlineDynamicImports: true })
  await bundle.close()
  return `file://${file}?${Date.now()}`
}
