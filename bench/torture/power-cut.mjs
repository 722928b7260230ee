/**
 * A power cut: what was synced is on the disk, what was written since is there by chance, sector by sector.
 *
 * A process that is killed loses nothing that it has written, as the system still has it. So the collector runs under `strace` for a while, which notes
 * each write and each sync of the queue's files; then it is killed, and the files are put back as a disk without power would have them.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import typescript from 'typescript'

const TRACED_DISK = new URL('../../packages/collector/test/crash/traced-disk.ts', import.meta.url)

/**
 * @param {string} queueFile
 * @param {string} trace where to write what strace notes: megabytes
 * @returns `undefined` where strace is not installed
 */
export async function powerCuts(queueFile, trace) {
  if (spawnSync('strace', ['-V']).error !== undefined) return undefined
  const { TracedDisk, straceArguments, tracedCalls } = await loadTypeScript(TRACED_DISK)
  const folder = dirname(queueFile)
  const files = [queueFile, `${queueFile}-wal`]

  /** Runs the collector for so long, cuts the power, and leaves the disk as it is then. */
  return async function cutPower(collector, ms, chance) {
    await collector.stop('SIGTERM')
    const disk = new TracedDisk(folder)
    for (const file of files) if (existsSync(file)) disk.holds(basename(file), readFileSync(file))
    await collector.start({ under: ['strace', ...straceArguments(trace, [folder, ...files])] })
    await wait(ms)
    await collector.stop('SIGKILL')

    for (const call of tracedCalls(trace)) if (call.call !== 'print') disk.apply(call)
    for (const file of [...files, `${queueFile}-shm`]) rmSync(file, { force: true })
    for (const [name, bytes] of disk.afterPowerCut(chance)) writeFileSync(`${folder}/${name}`, bytes)
    rmSync(trace)
  }
}

/** One file of TypeScript that imports nothing but Node's own modules. The tests of the queue use the same. */
function loadTypeScript(file) {
  const { ModuleKind, ScriptTarget } = typescript
  const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 }
  const { outputText } = typescript.transpileModule(readFileSync(file, 'utf8'), { compilerOptions })
  return import(`data:text/javascript,${encodeURIComponent(outputText)}`)
}
