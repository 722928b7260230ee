/** What is sent: whole requests as bytes, and where in them a number belongs. */

export const API_KEY = 'bench-only-0123456789abcdef'
export const SITE = 'https://shop.example.com'
/** How long a number is. */
export const DIGITS = 16

const PLACE = '#'.repeat(DIGITS)
const SERVER_HEADERS = [`Authorization: Bearer ${API_KEY}`, 'Content-Type: application/json']

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36'

const BROWSER_HEADERS = [
  'Content-Type: text/plain;charset=UTF-8',
  'sec-ch-ua: "Chromium";v="147", "Not A(Brand";v="24"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  `User-Agent: ${CHROME}`,
  'Accept: */*',
  `Origin: ${SITE}`,
  'Sec-Fetch-Site: same-site',
  'Sec-Fetch-Mode: cors',
  'Sec-Fetch-Dest: empty',
  `Referer: ${SITE}/`,
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: de-DE,de;q=0.9,en;q=0.8',
  'Cookie: _fbp=fb.1.1763999000000.1234567890; session=abcdefghijklmnopqrstuvwxyz; cart=3',
]

const SENDERS = { server: SERVER_HEADERS, browser: BROWSER_HEADERS }

/** @param sender `server` with an API key, or `browser` with what a browser sends along */
export function requestTemplate(eventsPerRequest, sender) {
  const data = Array.from({ length: eventsPerRequest }, () => event(sender))
  const body = JSON.stringify({ data })
  const head = [
    'POST /events HTTP/1.1',
    'Host: collect.example.com',
    'Connection: keep-alive',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...SENDERS[sender],
  ]
  const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
  const places = []
  for (let at = bytes.indexOf(PLACE); at !== -1; at = bytes.indexOf(PLACE, at + DIGITS)) places.push(at)
  return { bytes, places }
}

/** A purchase with what a good shop knows; a little over 1,000 bytes. */
function event(sender) {
  return {
    event_name: 'Purchase',
    event_id: `order-${PLACE}`,
    event_time: Math.floor(Date.now() / 1000),
    action_source: 'website',
    event_source_url: `${SITE}/checkout/thanks?order=${PLACE}`,
    referrer_url: `${SITE}/checkout/payment`,
    user_data: {
      em: `visitor.${PLACE}@example.com`,
      ph: '+49 170 1234567',
      fn: 'Jo',
      ln: 'Müller',
      ct: 'Berlin',
      country: 'de',
      external_id: `customer-${PLACE}`,
      fbp: 'fb.1.1763999000000.1234567890',
      fbc: 'fb.1.1763999000000.IwAR2Fr1b0_aem_AbCdEfGh',
      ...(sender === 'server' && { client_ip_address: '203.0.113.9', client_user_agent: CHROME }),
    },
    custom_data: {
      value: 119.9,
      currency: 'EUR',
      order_id: `order-${PLACE}`,
      content_type: 'product',
      contents: [
        { id: 'round-40', quantity: 1, item_price: 79.95 },
        { id: 'round-50', quantity: 1, item_price: 39.95 },
      ],
      num_items: 2,
    },
    mirror: { pixel: 'loaded', version: '1.0.0' },
  }
}
