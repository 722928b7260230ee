/** A wire between two processes that can be cut, stretched and stopped up, as networks are. */
import { connect, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** @param {number} targetPort on this machine */
export async function tcpProxy(targetPort) {
  const ends = new Set()
  let delayMs = 0
  let dead = false
  let stopped = false

  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (dead) return near.resetAndDestroy()
    const far = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      ends.add(from)
      from.on('data', (chunk) => pass(from, () => to.write(chunk)))
      from.on('end', () => pass(from, () => to.end()))
      from.on('error', () => to.destroy())
      from.on('close', () => {
        ends.delete(from)
        if (from.errored) to.destroy()
      })
      if (stopped) from.pause()
    }
  })

  /** Later, where the wire is long, and always in order. What was on the way when the wire was cut is gone. */
  function pass(from, send) {
    const dueAtMs = performance.now() + delayMs
    from.sent = (from.sent ?? Promise.resolve()).then(async () => {
      const earlyMs = dueAtMs - performance.now()
      if (earlyMs > 0) await wait(earlyMs)
      if (!from.errored) send()
    })
  }

  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: server.address().port,
    url: `http://127.0.0.1:${server.address().port}`,
    /** Resets every connection, and every new one until the returned function is called. */
    cut() {
      dead = true
      for (const end of ends) end.resetAndDestroy()
      return () => (dead = false)
    },
    /** Each piece takes so much longer, in both directions. */
    delay(ms) {
      delayMs = ms
      return () => (delayMs = 0)
    },
    /** Connections stand, new ones are accepted, and nothing passes: a host that is gone without a word. */
    stopUp() {
      stopped = true
      for (const end of ends) end.pause()
      return () => {
        stopped = false
        for (const end of ends) end.resume()
      }
    },
    async close() {
      for (const end of ends) end.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
