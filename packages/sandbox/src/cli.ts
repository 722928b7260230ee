#!/usr/bin/env node
// The process: arguments in, signals to an orderly end, an exit code out.
import { runSandbox } from './run-sandbox.js'

const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
process.once('SIGTERM', () => stop.abort())

process.exitCode = await runSandbox(process.argv.slice(2), { signal: stop.signal })
