import { createServer } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { AlreadyRunningError, createSandbox, NotArrivedError } from '../src/index.js'
import { listen } from '../src/http/listen.js'
import { NOW_MS, pageView } from './sample.js'

const sandbox = createSandbox({ now: () => NOW_MS })

afterEach(async () => {
  await sandbox.stop()
  sandbox.clearBehaviours()
  sandbox.forget()
})

const send = (url: string) =>
  fetch(`${url}/v26.0/42/events?access_token=x`, { method: 'POST', body: JSON.stringify({ data: [pageView()] }) })

describe('createSandbox()', () => {
  it('starts on a free port, stops, and starts again', async () => {
    const first = await sandbox.start()
    await sandbox.stop()
    const second = await sandbox.start(first.port)

    expect(second).toEqual(first)
    expect((await send(second.url)).status).toBe(200)
    await expect(sandbox.start()).rejects.toThrow(AlreadyRunningError)
  })

  it('can be started after a port that was taken', async () => {
    const other = createServer()
    const { port } = await listen(other, 0, '127.0.0.1')

    await expect(sandbox.start(port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    other.close()

    expect((await send((await sandbox.start()).url)).status).toBe(200)
  })

  it('stops although somebody still waits for an answer', async () => {
    const { url } = await sandbox.start()
    sandbox.behave({ kind: 'hang', taken: true })
    const waiting = send(url).catch(() => 'cut')
    await sandbox.until(({ counts }) => counts().serverCopies === 1)

    await sandbox.stop()

    expect(await waiting).toBe('cut')
  })

  it('works as part of another server', async () => {
    const server = createServer((req, res) => {
      if (req.url === '/mine') res.end('mine')
      else sandbox.handler(req, res)
    })
    const { url } = await listen(server, 0, '127.0.0.1')

    const answers = [await fetch(`${url}/mine`), await send(url)]
    server.closeAllConnections()
    server.close()

    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(sandbox.received()).toHaveLength(1)
  })

  it('waits until what is asked for has arrived', async () => {
    const { url } = await sandbox.start()

    const arrived = sandbox.until(({ received }) => received().length === 2)
    await send(url)
    await send(url)

    await expect(arrived).resolves.toBeUndefined()
  })

  it('gives up waiting, and says what it saw instead', async () => {
    await expect(sandbox.until(() => false, 1)).rejects.toThrow(NotArrivedError)
    await expect(sandbox.until(() => false, 1)).rejects.toThrow('"serverCopies":0')
  })

  it('survives a sender that goes away in the middle', async () => {
    const { url, port } = await sandbox.start()
    const socket = connect(port, '127.0.0.1')
    const half = 'POST /v26.0/42/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{"data":'
    await new Promise((resolve) => socket.write(half, resolve))
    socket.destroy()

    expect((await send(url)).status).toBe(200)
    expect(sandbox.counts()).toMatchObject({ serverCopies: 1 })
  })
})
