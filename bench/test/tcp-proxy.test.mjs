import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tcpProxy } from '../lib/tcp-proxy.mjs'

describe('tcpProxy()', () => {
  let server, wire

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => socket.destroy()).pipe(socket))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    wire = await tcpProxy(server.address().port)
  })
  afterEach(async () => {
    await wire.close()
    await new Promise((resolve) => server.close(resolve))
  })

  /** A connection through the wire, and all that came back so far. */
  function client() {
    const socket = connect({ port: wire.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.setEncoding('utf8').on('error', () => undefined)
    const heard = { text: '' }
    socket.on('data', (text) => (heard.text += text))
    return { socket, heard, closed: new Promise((resolve) => socket.once('close', resolve)) }
  }

  it('passes everything on in order, even when it gets faster again', async () => {
    const { socket, heard, closed } = client()

    const normal = wire.delay(200)
    socket.write('one ')
    await new Promise((resolve) => setTimeout(resolve, 50))
    normal()
    socket.end('two')
    await closed

    expect(heard.text).toBe('one two')
  })

  it('resets connections while it is cut, and takes new ones after', async () => {
    const before = client()
    before.socket.write('x')
    await once(before.socket, 'data')

    const mend = wire.cut()
    await before.closed
    await client().closed
    mend()
    const after = client()
    after.socket.end('y')
    await after.closed

    expect(after.heard.text).toBe('y')
  })

  it('passes nothing while it is stopped up, and all of it later', async () => {
    const open = wire.stopUp()
    const { socket, heard, closed } = client()
    socket.end('z')
    await new Promise((resolve) => setTimeout(resolve, 100))
    const meanwhile = heard.text
    open()
    await closed

    expect([meanwhile, heard.text]).toEqual(['', 'z'])
  })
})
