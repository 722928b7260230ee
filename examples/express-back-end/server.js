// A shop's server: makes the order, reports it to the collector, answers the page with the order's number.
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import express from 'express'

const { COLLECTOR_URL = 'http://localhost:8080', API_KEY = '', PORT = '3000' } = process.env
const app = express()
app.use(express.json())
app.use(express.static(fileURLToPath(new URL('./public', import.meta.url))))

// The page's tags need to know where the collector is; a real page has it written in.
app.get('/collector.js', (_request, response) => {
  response.type('text/javascript').send(`window.COLLECTOR_URL = ${JSON.stringify(COLLECTOR_URL)}`)
})

app.post('/orders', async (request, response) => {
  const order = { id: `ORDER-${randomUUID()}`, email: request.body.email, value: 49, currency: 'EUR' }
  // Here the order is written to the shop's own database, as ever. If the report fails, report it again from there: the id keeps it single.
  const reported = await report(order, request)
  response.status(201).json({ orderId: order.id, reported })
})

async function report(order, request) {
  const cookies = Object.fromEntries((request.get('cookie') ?? '').split('; ').map((pair) => pair.split(/=(.*)/s, 2)))
  const answer = await fetch(`${COLLECTOR_URL}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify({
      data: [
        {
          event_name: 'Purchase',
          event_id: order.id,
          event_time: Math.floor(Date.now() / 1000),
          action_source: 'website',
          event_source_url: request.get('referer'),
          user_data: {
            em: order.email,
            client_ip_address: request.ip,
            client_user_agent: request.get('user-agent'),
            fbp: cookies._fbp,
            fbc: cookies._fbc,
          },
          custom_data: { value: order.value, currency: order.currency, order_id: order.id },
        },
      ],
    }),
  })
  return answer.ok
}

const server = app.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`Shop  http://127.0.0.1:${server.address().port}/`),
)
