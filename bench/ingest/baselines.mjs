/**
 * The least that could answer, and stand-ins for Meta: each a process of its own.
 *
 *     node bench/ingest/baselines.mjs bare|koa|meta|away
 */
import { createServer } from 'node:http'
import { createRequire } from 'node:module'

const LISTENERS = { bare, koa, meta, away }

const server = createServer(LISTENERS[process.argv[2]]())
server.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`))

function readJson(req, use) {
  const chunks = []
  req.on('data', (chunk) => chunks.push(chunk))
  req.on('end', () => use(JSON.parse(Buffer.concat(chunks).toString())))
}

/** `node:http` that parses the same JSON and answers. */
function bare() {
  return (req, res) =>
    readJson(req, ({ data }) => {
      const body = `{"events_received":${data.length}}`
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
      res.end(body)
    })
}

/** The same in Koa with its router. */
function koa() {
  const require = createRequire(new URL('../../packages/collector/package.json', import.meta.url))
  const Koa = require('koa')
  const { default: Router } = require('@koa/router')
  const router = new Router()
  router.post('/events', async (ctx) => {
    const { data } = await new Promise((resolve) => readJson(ctx.req, resolve))
    ctx.body = { events_received: data.length }
  })
  return new Koa().use(router.routes()).callback()
}

/** Takes every batch, as cheaply as it can: Meta's own work must not be measured. */
function meta() {
  const mark = Buffer.from('"event_id"')
  return (req, res) => {
    const chunks = []
    req.on('data', (chunk) => chunks.push(chunk))
    req.on('end', () => {
      const body = Buffer.concat(chunks)
      let events = 0
      for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + mark.length)) events++
      res.end(`{"events_received":${events},"messages":[],"fbtrace_id":"A1b2C3d4E5"}`)
    })
  }
}

/** Meta is away and asks to come again in an hour: events are only taken in. */
function away() {
  return (req, res) => {
    req.resume()
    res.writeHead(503, { 'retry-after': '3600' })
    res.end()
  }
}
