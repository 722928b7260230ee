/** What strangers and broken programs send, made from a seed so that a failure can be repeated. */

export interface Random {
  /** From 0 to below `limit`. */
  below(limit: number): number
  oneOf<T>(values: readonly T[]): T
}

/** Mulberry32: small, fast, and the same everywhere. */
export function randomFrom(seed: number): Random {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return { below, oneOf: (values) => values[below(values.length)]! }
}

const FIELDS = [
  ...['event_name', 'event_time', 'event_id', 'action_source', 'event_source_url', 'referrer_url', 'user_data'],
  ...['custom_data', 'opt_out', 'data_processing_options', 'pixel_id', 'mirror', 'app_data', 'original_event_data'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'data', 'common', 'test_event_code', ''],
]

const NESTED = [
  ...['em', 'ph', 'fn', 'db', 'zp', 'country', 'external_id', 'fbc', 'fbp', 'client_ip_address', 'client_user_agent'],
  ...['value', 'currency', 'contents', 'content_ids', 'num_items', 'order_id', '__proto__', 'constructor', 'length'],
]

/** JSON texts that somebody could put where a value is expected. */
const VALUES = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-0',
    '-1',
    '1e308',
    '1e999',
    '0.1',
    '9007199254740993',
    '1764000000',
    '1764000000000',
  ],
  ...[
    '""',
    '" "',
    '"x"',
    '"Purchase"',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\r\\nSet-Cookie: a=b"',
    '"NaN"',
  ],
  ...[
    '"jane@example.com"',
    '"+49 170 1234567"',
    '"EUR"',
    '"203.0.113.7"',
    '"::ffff:1.2.3.4"',
    '"fb.1.1.x"',
    '"%"',
    '"%ff"',
  ],
  ...[
    '"https://shop.example/?fbclid=%"',
    '"https://[::1"',
    '"javascript:alert(1)"',
    '"//x"',
    '"http://a@b@c/"',
    '"data:,"',
  ],
  ...[
    '[]',
    '{}',
    '[[]]',
    '[{}]',
    '[null]',
    '{"":1}',
    '{"__proto__":{"admin":1}}',
    '{"constructor":{"prototype":{"a":1}}}',
  ],
  ...['{"toString":1}', '{"valueOf":null}', '{"length":-1}', '{"then":"x"}', '{"toJSON":1}', '{"0":1,"1":2}'],
  `"${'x'.repeat(5_000)}"`,
  `"${'é😀'.repeat(1_000)}"`,
  `[${'1,'.repeat(500)}1]`,
  `${'['.repeat(200)}${']'.repeat(200)}`,
  `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`,
]

/** Bodies that stand for a whole kind of malice. */
const WHOLE = [
  ...[
    '',
    ' ',
    'null',
    '1',
    '"x"',
    '[]',
    '{}',
    '{"data":[]}',
    '{"data":{}}',
    '{"data":"[]"}',
    '{"data":"["}',
    '[[[[]]]]',
  ],
  ...[
    '{"data":[null,1,"x",[],{}]}',
    '{"data":[{"data":[{}]}]}',
    '\ufeff{}',
    '{"a":1,"a":2}',
    "{'a':1}",
    '{"a":1}}',
    '//',
  ],
  '['.repeat(50_000),
  '{"a":'.repeat(20_000),
  `{"event_name":"X","custom_data":${'{"a":'.repeat(4_000)}1${'}'.repeat(4_000)}}`,
  `{"data":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
  `{"data":[${'{},'.repeat(1_000)}{}]}`,
  `{"common":${'{"common":'.repeat(500)}{}${'}'.repeat(500)},"data":[{}]}`,
  `{"event_name":"${'\\u0041'.repeat(5_000)}"}`,
  `{${Array.from({ length: 2_000 }, (_, index) => `"k${index}":${index}`).join(',')}}`,
]

const GOOD = JSON.stringify({
  event_name: 'Purchase',
  event_time: Math.floor(Date.now() / 1000),
  event_id: 'e1',
  action_source: 'website',
  event_source_url: 'https://shop.example/thanks',
  user_data: { em: 'jane@example.com', ph: '+49 170 1234567', fbp: 'fb.1.1764000000000.1' },
  custom_data: { value: 1, currency: 'EUR', contents: [{ id: 'a', quantity: 1 }] },
})

/** A body that nobody in his right mind would send. */
export function hostileBody(random: Random): Buffer {
  switch (random.below(10)) {
    case 0:
      return Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256)))
    case 1:
      // Rarely, because the large ones are large.
      return Buffer.from(random.below(20) === 0 ? random.oneOf(WHOLE) : random.oneOf(VALUES))
    case 2:
    case 3:
      return damaged(Buffer.from(GOOD), random)
    case 4:
      return Buffer.from(
        `{"data":[${strangeEvent(random)},${GOOD},${strangeEvent(random)}],"common":${strangeEvent(random)}}`,
      )
    default:
      return Buffer.from(strangeEvent(random))
  }
}

function strangeEvent(random: Random): string {
  const fields = Array.from({ length: random.below(random.below(8) + 1) }, () => {
    const inner = () => `{${JSON.stringify(random.oneOf(NESTED))}:${random.oneOf(VALUES)}}`
    return `${JSON.stringify(random.oneOf(FIELDS))}:${random.below(3) === 0 ? inner() : random.oneOf(VALUES)}`
  })
  return random.below(2) === 0
    ? `{${fields.join(',')}}`
    : `${GOOD.slice(0, -1)}${fields.map((field) => `,${field}`).join('')}}`
}

function damaged(body: Buffer, random: Random): Buffer {
  const copy = Buffer.from(body)
  for (let count = random.below(5); count >= 0; count--) copy[random.below(copy.length)] = random.below(256)
  return copy.subarray(0, random.below(4) === 0 ? random.below(copy.length) : undefined)
}

const METHODS = [
  'GET',
  'POST',
  'OPTIONS',
  'HEAD',
  'PUT',
  'DELETE',
  'PATCH',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'get',
  '',
  'X'.repeat(99),
]

const TARGETS = [
  ...[
    '/',
    '/events',
    '/events/',
    '/EVENTS?x',
    '/events%00',
    '//events',
    '/../events',
    '/tr',
    '/tr?id=1&ev=x',
    '/tracker.js',
  ],
  ...['/v26.0/1/events', '/v99999999.9/1/events', '/v1/99999999999999999999/events', '/1/events', '/v1.0//events'],
  ...[
    '/health/live',
    '/health/ready?%',
    '/metrics',
    '/inspect/',
    '/admin/queue',
    '*',
    'http://evil.example/events',
    'events',
    '',
  ],
  ...[
    '/tr?cd[__proto__]=1&ud[constructor]=2',
    '/tr?id=%ff&ev=%00',
    '/tr?dl=https://[',
    `/tr?ev=${'x'.repeat(9_000)}`,
    '/%',
    '/\u00e9',
  ],
  `/${'a'.repeat(14_000)}`,
  `/${'a/'.repeat(20_000)}`,
]

const HEADER_LINES = [
  ...[
    'Origin: https://shop.example',
    'Origin: null',
    'Origin: %',
    'Origin: https://',
    `Origin: ${'x'.repeat(5_000)}`,
    'Referer: :',
  ],
  ...[
    'X-Forwarded-For: ,,,',
    'X-Forwarded-For: 1.2.3.4, unknown, [::1]:x',
    `X-Forwarded-For: ${'1.1.1.1,'.repeat(1_000)}`,
  ],
  ...[
    'X-Forwarded-Host: a,b',
    'X-Forwarded-Proto: ,',
    'Host: [',
    'Host: a b',
    'Host:',
    'Cookie: ;;;=;_fbp;_fbc=%',
    'Cookie: _fbp=\x80',
  ],
  ...[
    'Content-Length: 5',
    'Content-Length: -1',
    'Content-Length: 5, 5',
    'Content-Length: 1e3',
    'Transfer-Encoding: chunked',
  ],
  ...[
    'Transfer-Encoding: gzip, chunked',
    'Expect: 100-continue',
    'Expect: the-unexpected',
    'Upgrade: websocket',
    'Connection: upgrade',
  ],
  ...[
    'Content-Encoding: gzip',
    'Content-Type: multipart/form-data; boundary=',
    'Content-Type: \xff',
    'Authorization: Bearer',
    'Authorization: Bearer \xff',
  ],
  ...[
    'Authorization: Basic =',
    'User-Agent:',
    `User-Agent: ${'('.repeat(8_000)}`,
    'Accept-Encoding: ;q=x',
    'If-None-Match: "',
    'Sec-Purpose: \x01',
  ],
  ...['X: y\r\n folded', 'Bad Header: x', ': x', 'X-Null: a\0b', 'X\tY: z', `X-Long: ${'y'.repeat(20_000)}`],
]

/** A request that may already break off in its first line. It asks for the connection to be closed. */
export function hostileRequest(random: Random): Buffer {
  const version =
    random.below(10) === 0 ? random.oneOf(['HTTP/1.0', 'HTTP/2.0', 'HTTP/9.9', 'http/1.1', '', 'X']) : 'HTTP/1.1'
  const lines = [`${random.oneOf(METHODS)} ${random.oneOf(TARGETS)} ${version}`, 'Connection: close']
  if (random.below(4) > 0) lines.push('Host: collect.shop.example')
  for (let count = random.below(5); count > 0; count--) lines.push(random.oneOf(HEADER_LINES))
  const end = random.below(20) === 0 ? '\n' : '\r\n'
  const request = Buffer.from(`${lines.join(end)}${end}${end}`, 'latin1')
  return random.below(5) === 0
    ? damaged(request, random)
    : Buffer.concat([request, hostileBody(random).subarray(0, 200)])
}
