import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where the sandbox can be reached. */
export interface Address {
  url: string
  port: number
}

export async function listen(server: Server, port: number, host: string): Promise<Address> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port: actual } = server.address() as AddressInfo
  return { url: `http://${reachable(host)}:${actual}`, port: actual }
}

/** Nobody can open "any address"; a colon would read as a port. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
