import { NoAnswerError } from '../errors.js'
import type { Settings } from '../settings.js'

/**
 * Asks the collector that runs with these settings, on its admin listener (`admin-api.ts`).
 *
 * @param path below `/admin/`
 * @param body makes it a POST
 * @throws NoAnswerError when none answers, or not as it should
 */
export async function adminFetch<T>(
  { adminHost, adminPort, inspectPassword }: Pick<Settings, 'adminHost' | 'adminPort' | 'inspectPassword'>,
  path: string,
  body?: object,
): Promise<T> {
  const base = reachableUrl(adminHost, adminPort)
  let response: Response
  try {
    response = await fetch(`${base}/admin/${path}`, {
      headers: {
        ...(inspectPassword ? { authorization: `Bearer ${inspectPassword.reveal()}` } : {}),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(30_000),
    })
  } catch (cause) {
    throw new NoAnswerError(`No collector answers at ${base}. Set ADMIN_HOST and ADMIN_PORT as it has them.`, { cause })
  }
  if (response.ok) return (await response.json()) as T
  const hint = response.status === 401 ? ' Set INSPECT_PASSWORD as the collector has it.' : ''
  throw new NoAnswerError(`The collector at ${base} answered ${response.status}.${hint}`)
}

/** Where a listener is reached from this machine. */
export function reachableUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}
