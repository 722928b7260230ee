import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Workspace packages are read from their sources, so that a test needs no build of what it tests.
const resolve = {
  conditions: ['@pixel-mirror/source', 'module', 'import', 'default'],
  // Not a dependency of anything, so that `npm start` need not install what it brings along.
  alias: { '@pixel-mirror/testing': fileURLToPath(new URL('./packages/testing/src/index.ts', import.meta.url)) },
}
const ssr = { resolve: { conditions: ['@pixel-mirror/source', 'node'] } }

// Tests that start processes, browsers and databases share two cores with each other: what fails there once must pass when tried again. Elsewhere
// there is no second try, so that whoever writes a test sees at once that it depends on the machine.
const retry = process.env['CI'] ? 2 : 0

const inNode = (name: string, root: string, ending = 'ts') => ({
  resolve,
  ssr,
  test: {
    name,
    root,
    environment: 'node',
    include: [`test/**/*.test.${ending}`],
    exclude: ['test/browser/**', 'test/cluster/**'],
    // Some start processes and wait for them, next to others that do the same.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    retry,
  },
})

export default defineConfig({
  test: {
    reporters: ['default', './scripts/vitest-totals.mjs'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      inNode('common', 'packages/common'),
      inNode('collector', 'packages/collector'),
      inNode('sandbox', 'packages/sandbox'),
      inNode('bench', 'bench', 'mjs'),
      {
        resolve,
        ssr,
        test: {
          name: 'tracker',
          root: 'packages/tracker',
          environment: 'happy-dom',
          include: ['test/**/*.test.ts'],
          exclude: ['test/browser/**'],
          retry,
        },
      },
      {
        // Real browsers and whole processes: one file at a time, or they starve each other on two cores.
        resolve,
        ssr,
        test: {
          name: 'whole',
          root: '.',
          environment: 'node',
          include: [
            'packages/*/test/browser/**/*.test.ts',
            'packages/collector/test/cluster/**/*.test.ts',
            'packages/testing/test/**/*.test.ts',
            'examples/*/test/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', 'examples/aws-lambda-cdk/**'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          retry,
          fileParallelism: false,
          // After everything else.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
