/** What a running process holds, as Linux says it. */
import { readdir, readFile, readlink } from 'node:fs/promises'

const PAGE_BYTES = 4_096
/** What Linux counts CPU time in, a hundredth of a second. */
const TICK_US = 10_000

/** Memory in RAM, in megabytes. */
export async function residentMegabytes(pid) {
  const [, resident] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')
  return (Number(resident) * PAGE_BYTES) / 1e6
}

/** Open handles: sockets, files and all else. */
export async function openHandles(pid) {
  return (await readdir(`/proc/${pid}/fd`)).length
}

export async function openSockets(pid) {
  const handles = await readdir(`/proc/${pid}/fd`)
  // A handle that was closed between the two looks is no socket.
  const kinds = await Promise.all(handles.map((handle) => readlink(`/proc/${pid}/fd/${handle}`).catch(() => '')))
  return kinds.filter((kind) => kind.startsWith('socket:')).length
}

/** CPU time of a process and those of its children that have ended, in microseconds; `undefined` when it has ended itself. */
export async function cpuTimeOf(pid) {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (line === undefined) return undefined
  // The name of the command may hold spaces and brackets: count from its last bracket.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const [parent, ...times] = [fields[1], fields[11], fields[12], fields[13], fields[14]].map(Number)
  return { pid: Number(pid), parent, us: times.reduce((sum, ticks) => sum + ticks * TICK_US, 0) }
}
