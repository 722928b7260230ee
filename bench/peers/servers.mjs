/**
 * What people run today between their shop and Meta, as tutorials and Meta's own examples write it: each a process of its own.
 *
 *     node bench/peers/servers.mjs sdk-await|sdk-forget|article GRAPH_URL
 *
 * They answer like the collector, so that one sender fits all. Nothing is left out that the originals do, and nothing slow is put in.
 */
import { createHash } from 'node:crypto'
import express from 'express'
import Koa from 'koa'
import sdk from 'facebook-nodejs-business-sdk'

const PIXEL_ID = '1234567890'
const ACCESS_TOKEN = 'bench-token-0123456789'
const [kind, graphUrl] = process.argv.slice(2)
const KINDS = { 'sdk-await': sdkAwait, 'sdk-forget': sdkForget, article }

const server = KINDS[kind]().listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`))

/** Koa around Meta's SDK. The sender is answered when Meta has answered. */
function sdkAwait() {
  const app = sdkApp()
  return app.use(async (ctx) => {
    try {
      const { events_received } = await sendBySdk(await readEvent(ctx.req))
      ctx.body = { events_received }
    } catch (error) {
      ctx.status = 502
      ctx.body = { error: error.message }
    }
  })
}

/** The same, and nobody waits for Meta: a failure is logged. */
function sdkForget() {
  const app = sdkApp()
  let failed = 0
  return app.use(async (ctx) => {
    sendBySdk(await readEvent(ctx.req)).catch(() => failed++)
    ctx.body = { events_received: 1 }
  })
}

function sdkApp() {
  Object.defineProperty(sdk.FacebookAdsApi, 'GRAPH', { configurable: true, get: () => graphUrl })
  sdk.FacebookAdsApi.init(ACCESS_TOKEN)
  return new Koa()
}

function sendBySdk({ user_data: user, custom_data: custom, ...event }) {
  const userData = new sdk.UserData()
    .setEmails([user.em])
    .setPhones([user.ph])
    .setFirstNames([user.fn])
    .setLastNames([user.ln])
    .setCities([user.ct])
    .setCountries([user.country])
    .setExternalIds([user.external_id])
    .setClientIpAddress(user.client_ip_address)
    .setClientUserAgent(user.client_user_agent)
    .setFbp(user.fbp)
    .setFbc(user.fbc)
  const contents = custom.contents.map(({ id, quantity, item_price }) =>
    new sdk.Content().setId(id).setQuantity(quantity).setItemPrice(item_price),
  )
  const customData = new sdk.CustomData()
    .setValue(custom.value)
    .setCurrency(custom.currency.toLowerCase())
    .setOrderId(custom.order_id)
    .setContentType(custom.content_type)
    .setContents(contents)
    .setNumItems(custom.num_items)
  const serverEvent = new sdk.ServerEvent()
    .setEventName(event.event_name)
    .setEventId(event.event_id)
    .setEventTime(event.event_time)
    .setActionSource(event.action_source)
    .setEventSourceUrl(event.event_source_url)
    .setUserData(userData)
    .setCustomData(customData)
  return new sdk.EventRequest(ACCESS_TOKEN, PIXEL_ID).setEvents([serverEvent]).execute()
}

function readEvent(req) {
  return new Promise((resolve, reject) => {
    const chunks = []
    req.on('data', (chunk) => chunks.push(chunk))
    req.on('error', reject)
    req.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString()).data[0]))
  })
}

const HASHED = ['em', 'ph', 'fn', 'ln', 'ct', 'country', 'external_id']

/** Express, some hashing, and one request to Meta for each event: the sixty lines of most articles. */
function article() {
  const hash = (text) => createHash('sha256').update(text.trim().toLowerCase()).digest('hex')
  return express().post('/events', express.json(), async (req, res) => {
    const [event] = req.body.data
    const user_data = { ...event.user_data }
    for (const field of HASHED) user_data[field] = hash(user_data[field])
    try {
      const answer = await fetch(`${graphUrl}/v26.0/${PIXEL_ID}/events?access_token=${ACCESS_TOKEN}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ data: [{ ...event, user_data, mirror: undefined }] }),
      })
      if (!answer.ok) throw new Error(`Meta answered ${answer.status}`)
      const { events_received } = await answer.json()
      res.json({ events_received })
    } catch (error) {
      res.status(502).json({ error: error.message })
    }
  })
}
