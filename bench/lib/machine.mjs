/** On what, with what and of what the numbers were taken: without it they say nothing. */
import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem, type } from 'node:os'

export function machine() {
  const processors = cpus()
  const git = (...args) => spawnSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).stdout?.trim() ?? ''
  const commit = git('rev-parse', '--short=10', 'HEAD')
  return {
    processor: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    system: `${type()} ${release()}`,
    node: process.version,
    commit: commit === '' ? 'unknown' : git('status', '--porcelain') === '' ? commit : `${commit} with changes`,
    date: new Date().toISOString().slice(0, 10),
  }
}
