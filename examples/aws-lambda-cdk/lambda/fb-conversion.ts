/**
 * `POST /fb_conversion`, as older pages send it: one event as the whole body, 200 only if Meta has received exactly it, else 400 with the reason.
 */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'

type Answer = APIGatewayProxyStructuredResultV2
type Collect = (event: APIGatewayProxyEventV2) => Promise<Answer>

export const FB_CONVERSION = '/fb_conversion'

export async function fbConversion(event: APIGatewayProxyEventV2, collect: Collect): Promise<Answer> {
  const { method } = event.requestContext.http
  if (method === 'OPTIONS') return collect(event)
  if (method !== 'POST') return refuse(405, `POST one event here; ${method} is not understood.`, { allow: 'POST' })

  const answer = await collect(asEvents(event))
  const received = answer.statusCode === 200 && receivedOf(answer) === 1
  return received ? answer : { ...answer, statusCode: 400 }
}

/** The same request at the collector's own route. */
function asEvents(event: APIGatewayProxyEventV2): APIGatewayProxyEventV2 {
  const { requestContext } = event
  return {
    ...event,
    rawPath: '/events',
    requestContext: { ...requestContext, http: { ...requestContext.http, path: '/events' } },
  }
}

function receivedOf({ body = '' }: Answer): unknown {
  return (JSON.parse(body) as { events_received?: unknown }).events_received
}

function refuse(statusCode: number, message: string, headers: Record<string, string>): Answer {
  const error = { message, type: 'OAuthException', code: 100 }
  return { statusCode, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify({ error }) }
}
