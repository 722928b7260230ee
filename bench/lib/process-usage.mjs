/** What a running process holds, as Linux says it. */
import { readdir, readFile, readlink } from 'node:fs/promises'

const PAGE_BYTES = 4_096

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
