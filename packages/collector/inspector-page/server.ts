/** Asks the inspector's server. */

/** The server wants a password, or the session has ended. */
export class SignInError extends Error {
  override name = 'SignInError'
}

/** The server said no, in words for people. */
class RefusedError extends Error {
  override name = 'RefusedError'
}

export async function get<T>(path: string, query: Record<string, string | number | undefined> = {}): Promise<T> {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') parameters.set(name, String(value))
  const text = parameters.toString()
  return answer<T>(await fetch(`api/${path}${text ? `?${text}` : ''}`))
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json', 'x-inspector': '1' }
  return answer<T>(await fetch(`api/${path}`, { method: 'POST', headers, body: JSON.stringify(body) }))
}

async function answer<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T
  const body = (await response.json().catch(() => ({}))) as { error?: { code?: string; message?: string } }
  if (response.status === 401 && body.error?.code === 'sign_in') throw new SignInError()
  throw new RefusedError(body.error?.message ?? `The collector answered ${response.status}.`)
}
