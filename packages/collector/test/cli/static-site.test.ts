import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Koa from 'koa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serveStaticSite } from '../../src/cli/static-site.js'

describe('serveStaticSite()', () => {
  let folder: string
  let server: Server
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-site-'))
    await mkdir(join(folder, 'site/sub'), { recursive: true })
    await writeFile(join(folder, 'secret.txt'), 'secret')
    await writeFile(join(folder, 'site/.env'), 'secret')
    await writeFile(join(folder, 'site/index.html'), '<p>home')
    await writeFile(join(folder, 'site/sub/index.html'), '<p>sub')
    await writeFile(join(folder, 'site/a b.js'), 'let a')
    await symlink(join(folder, 'secret.txt'), join(folder, 'site/link.txt'))

    const app = new Koa()
    app.use(async (ctx, next) => {
      if (ctx.path === '/events') ctx.body = 'the collector'
      else await next()
    })
    app.use(await serveStaticSite(join(folder, 'site')))
    server = createServer(app.callback() as never)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(async () => {
    server.close()
    await rm(folder, { recursive: true })
  })

  /** Sends the path as it is; `fetch` would tidy it up. */
  function get(path: string, headers = {}, method = 'GET') {
    const { port } = server.address() as AddressInfo
    return new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
      request({ port, path, headers, method }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => (body += text))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
      })
        .on('error', reject)
        .end()
    })
  }

  it.each([
    ['/', '<p>home', 'text/html; charset=utf-8'],
    ['/index.html', '<p>home', 'text/html; charset=utf-8'],
    ['/sub/', '<p>sub', 'text/html; charset=utf-8'],
    ['/a%20b.js?v=1', 'let a', 'text/javascript; charset=utf-8'],
  ])('serves %s', async (path, body, type) => {
    const answer = await get(path)

    expect(answer).toMatchObject({ status: 200, body })
    expect(answer.headers['content-type']).toBe(type)
  })

  it('sends a folder’s address on to the one with a slash', async () => {
    expect(await get('/sub?a=1')).toMatchObject({ status: 302, headers: { location: '/sub/?a=1' } })
  })

  it.each([
    '/../secret.txt',
    '/sub/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/sub/..%5c..%5csecret.txt',
    '//secret.txt',
    '//sub',
    '/link.txt',
    '/.env',
    '/%00',
    '/%',
    '/nothing.html',
    '/index.html/',
  ])('does not serve %s', async (path) => {
    const answer = await get(path)

    expect(answer.status).toBe(404)
    expect(answer.body).not.toContain('secret')
  })

  it('lets the collector have its own routes', async () => {
    expect(await get('/events')).toMatchObject({ body: 'the collector' })
  })

  it('answers only reading', async () => {
    expect(await get('/', {}, 'POST')).toMatchObject({ status: 404 })
    expect(await get('/', {}, 'HEAD')).toMatchObject({ status: 200, body: '' })
  })

  it('has browsers ask each time, and tells them when nothing has changed', async () => {
    const first = await get('/')
    const known = { 'if-none-match': first.headers.etag ?? '' }

    expect(first.headers['cache-control']).toBe('no-cache')
    expect(await get('/', known)).toMatchObject({ status: 304, body: '' })
    await writeFile(join(folder, 'site/index.html'), '<p>new!')
    await utimes(join(folder, 'site/index.html'), new Date(), new Date(Date.now() + 5_000))
    expect(await get('/', known)).toMatchObject({ status: 200, body: '<p>new!' })
  })
})
