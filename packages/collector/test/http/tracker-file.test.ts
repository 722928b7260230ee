import { request } from 'node:http'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { serve } from './serve.js'

const SCRIPT = Buffer.from(`/* the tracker */ ${'tracker();'.repeat(100)}`)

/** A plain request, because `fetch` unpacks what it gets. */
async function get(headers: Record<string, string>, path = '/tracker.js', settings = {}) {
  const { port } = await serve({ tracker: SCRIPT, settings })
  return new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; body: Buffer }>(
    (resolve, reject) => {
      request({ port, path, headers }, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () =>
          resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) }),
        )
      })
        .on('error', reject)
        .end()
    },
  )
}

describe('GET /tracker.js', () => {
  it.each<[string, string | undefined, (body: Buffer) => Buffer]>([
    ['br, gzip', 'br', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
    ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
    ['identity', undefined, (body) => body],
    ['br;q=0, gzip;q=0', undefined, (body) => body],
  ])('answers to Accept-Encoding: %s with %s', async (accepted, encoding, unpack) => {
    const answer = await get({ 'accept-encoding': accepted })

    expect(answer.status).toBe(200)
    expect(answer.headers['content-encoding']).toBe(encoding)
    expect(unpack(answer.body).equals(SCRIPT)).toBe(true)
    expect(answer.headers['content-length']).toBe(String(answer.body.length))
  })

  it('may be loaded by any page, with `integrity`, and kept for an hour', async () => {
    const { headers } = await get({})

    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=3600, stale-while-revalidate=86400',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
      vary: 'Accept-Encoding',
    })
    expect(headers).not.toHaveProperty('access-control-allow-credentials')
  })

  it('answers 304 to who has it already, with a tag for each encoding', async () => {
    const { headers } = await get({ 'accept-encoding': 'br' })
    const etag = String(headers['etag'])

    expect(etag).toMatch(/^"[\w-]{22}-br"$/)
    expect((await get({ 'accept-encoding': 'br', 'if-none-match': etag })).status).toBe(304)
    expect((await get({ 'accept-encoding': 'gzip', 'if-none-match': etag })).status).toBe(200)
  })

  it('is served from another path where one is set', async () => {
    expect((await get({}, '/m.js', { trackerPath: '/m.js' })).status).toBe(200)
    expect((await get({}, '/tracker.js', { trackerPath: '/m.js' })).status).toBe(404)
  })
})
