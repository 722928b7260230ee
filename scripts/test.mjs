// `npm test`: everything that must hold before a change lands, on a machine with only Node and npm.
import { pnpm } from './pnpm.mjs'

pnpm('install', '--frozen-lockfile')
pnpm('run', 'typecheck')
pnpm('run', 'build')
pnpm('run', 'lint')
pnpm('run', 'unit')

// A workspace of its own, because of its weight.
const lambda = ['--dir', 'examples/aws-lambda-cdk', '--ignore-workspace']
pnpm(...lambda, 'install', '--frozen-lockfile')
pnpm(...lambda, 'run', 'typecheck')
pnpm(...lambda, 'run', 'test')
