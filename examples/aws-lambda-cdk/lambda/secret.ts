/**
 * The access token, from Secrets Manager: read at the first request, kept, and read again when it has become old or Meta refuses it.
 *
 * Rotation needs no deployment. While the new secret cannot be read the old one is used on.
 */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

/** How long a token is used before it is read again, in milliseconds. Secrets Manager costs per call. */
const KEPT_MS = 5 * 60_000

export interface TokenSource {
  /** @throws Error that names the secret, never its content, when there is none and it cannot be read */
  read(): Promise<string>
  /** The next `read()` asks anew. */
  forget(): void
}

type Fetch = (secretName: string) => Promise<string | undefined>

export function tokenSource(secretName: string, fetchSecret: Fetch = fromSecretsManager, now = Date.now): TokenSource {
  let kept: { token: string; sinceMs: number } | undefined

  return {
    async read() {
      if (kept && now() - kept.sinceMs < KEPT_MS) return kept.token
      try {
        kept = { token: tokenIn(await fetchSecret(secretName), secretName), sinceMs: now() }
      } catch (error) {
        if (!kept) throw error
        console.warn(JSON.stringify({ event: 'secret.not_read', secretName, reason: (error as Error).name }))
        kept = { ...kept, sinceMs: now() }
      }
      return kept.token
    },
    forget() {
      if (kept) kept = { ...kept, sinceMs: -Infinity }
    },
  }
}

/** The secret is the token itself, or JSON with it as `accessToken`. */
function tokenIn(secret: string | undefined, secretName: string): string {
  const text = secret?.trim() ?? ''
  const token = text.startsWith('{') ? (JSON.parse(text) as { accessToken?: unknown }).accessToken : text
  if (typeof token === 'string' && /^\S{20,}$/.test(token)) return token
  throw new Error(`The secret ${secretName} holds no access token: put in the token itself, or {"accessToken": "…"}.`)
}

let client: SecretsManagerClient | undefined

async function fromSecretsManager(secretName: string): Promise<string | undefined> {
  client ??= new SecretsManagerClient({})
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretName }))
  return SecretString
}
