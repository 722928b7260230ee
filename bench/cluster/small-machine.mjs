/**
 * Holds processes to a share of one core, as smaller machines would: they are stopped most of the time, each for itself.
 *
 * On a machine whose cores are used up by one collector, a second can add nothing. Smaller ones show whether they add up.
 */
const PERIOD_MS = 40

/**
 * @param {readonly number[]} pids
 * @param {number} share of the time that each may run
 * @returns {() => void} lets them run again
 */
export function holdTo(pids, share) {
  const timers = pids.flatMap((pid, index) => {
    const begins = (index * PERIOD_MS) / pids.length
    return [
      every(begins, () => process.kill(pid, 'SIGCONT')),
      every(begins + PERIOD_MS * share, () => process.kill(pid, 'SIGSTOP')),
    ]
  })
  return () => {
    for (const end of timers) end()
    for (const pid of pids) process.kill(pid, 'SIGCONT')
  }
}

function every(firstMs, work) {
  let timer = setTimeout(again, firstMs)
  function again() {
    work()
    timer = setTimeout(again, PERIOD_MS)
  }
  return () => clearTimeout(timer)
}
