// `npm start`: install, build, then run the collector and the example shop in this very process, so that signals and the
// exit code need no forwarding.
import { pnpm } from './pnpm.mjs'

// The tests' browser and database are heavy and not needed here, nor is what the benchmarks compare with.
pnpm('install', '--frozen-lockfile', '--filter=!@pixel-mirror/testing', '--filter=!@pixel-mirror/bench')
pnpm('run', 'build')

const { main } = await import('../packages/collector/dist/main.js')
process.exitCode = await main(['start', '--site', new URL('../examples/static-shop/site', import.meta.url).pathname])
