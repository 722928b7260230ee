import type { APIGatewayProxyEventV2 } from 'aws-lambda'

export const BROWSER =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36'
export const ORIGIN = 'https://www.example.com'
export const TOKEN = 'EAAB-only-for-this-test-0123456789'

/** An HTTP API's event, payload format 2.0, as API Gateway makes it. */
export function request(
  method: string,
  rawPath: string,
  body?: unknown,
  headers: Record<string, string> = {},
): APIGatewayProxyEventV2 {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: '',
    cookies: ['_fbp=fb.1.1763999000000.1234567890'],
    headers: {
      host: 'abc123.execute-api.eu-central-1.amazonaws.com',
      origin: ORIGIN,
      'user-agent': BROWSER,
      'content-type': 'text/plain;charset=UTF-8',
      'x-forwarded-for': '203.0.113.9',
      ...headers,
    },
    requestContext: {
      accountId: '123456789012',
      apiId: 'abc123',
      domainName: 'abc123.execute-api.eu-central-1.amazonaws.com',
      domainPrefix: 'abc123',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '203.0.113.9', userAgent: BROWSER },
      requestId: 'Jabc',
      routeKey: '$default',
      stage: '$default',
      time: '24/Nov/2026:12:00:00 +0000',
      timeEpoch: Date.now(),
    },
    // As a beacon's body arrives: API Gateway encodes what it does not know.
    ...(body !== undefined && {
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)).toString('base64'),
    }),
    isBase64Encoded: true,
  }
}

export const purchase = (id = 'order-1', custom_data: Record<string, unknown> = { value: 12, currency: 'EUR' }) => ({
  event_name: 'Purchase',
  event_id: id,
  event_source_url: `${ORIGIN}/thanks`,
  user_data: { em: 'jo@example.com' },
  custom_data,
})
