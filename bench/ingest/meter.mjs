/**
 * Loaded into a server that is measured (`node --import`): tells CPU time and the delays of its event loop to who started it.
 *
 * CPU time is that of the whole process, with all its threads. Delays are only measured when asked for, because looking costs something too.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  const ANSWERS = {
    cpu() {
      const { user, system } = process.cpuUsage()
      return { cpuUs: user + system }
    },
    watchLoop() {
      delays.reset()
      delays.enable()
      return {}
    },
    loop() {
      delays.disable()
      return { loopP99Ms: delays.percentile(99) / 1e6 }
    },
  }
  process.on('message', ({ id, ask }) => process.send({ id, ...ANSWERS[ask]() }))
}
