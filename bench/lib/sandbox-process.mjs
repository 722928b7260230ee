/** Meta's stand-in in a process of its own, so that its work is not counted as that of what is measured. */
import { spawn } from 'node:child_process'

const COMMAND = new URL('../../packages/sandbox/bin/pixel-mirror-sandbox.js', import.meta.url).pathname

/** @param {'ids' | 'counts'} keep how much it remembers: which events it saw, or only how many */
export async function sandboxProcess(keep) {
  const args = [COMMAND, '--port', '0', '--lenient', '--keep', keep]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const killed = () => child.kill('SIGKILL')
  process.once('exit', killed)
  const url = await new Promise((resolve, reject) => {
    let printed = ''
    child.stdout.on('data', (text) => {
      printed += text
      const address = /META_GRAPH_URL=(\S+)/.exec(printed)?.[1]
      if (address) resolve(address)
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`The sandbox ended (${code}).`)))
  })
  const control = async (method, path, body) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/sandbox/${path}`, { method, headers, body: body && JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${method} /sandbox/${path}: ${answer.status} ${await answer.text()}`)
    return answer.status === 204 ? undefined : answer.json()
  }
  return {
    url,
    port: new URL(url).port,
    pid: child.pid,
    counts: () => control('GET', 'counts'),
    forget: () => control('DELETE', 'copies'),
    behave: (behaviour) => control('POST', 'behave', behaviour),
    behaveWell: () => control('DELETE', 'behave'),
    stop() {
      process.off('exit', killed)
      killed()
    },
  }
}
