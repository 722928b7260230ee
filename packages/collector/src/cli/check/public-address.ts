import { about, type Check, type CheckContext, type Finding } from './finding.js'

const { ok, warning, failed, skipped } = about('public address')

/** Do visitors reach the collector and get the tracker? */
export const checkPublicAddress: Check = async (context) => {
  const { publicUrl } = context
  if (publicUrl === undefined) {
    return [
      skipped('Say where visitors reach the collector to have this looked at: check --url https://www.example.com/m'),
    ]
  }
  const findings = [await tracker(context, publicUrl)]
  if (publicUrl.startsWith('http://')) {
    findings.push(warning('It is reached without HTTPS.', 'Put a certificate in front: personal data travels here.'))
  }
  return findings
}

async function tracker({ settings, fetch }: CheckContext, publicUrl: string): Promise<Finding> {
  const address = `${publicUrl}${settings.trackerPath}`
  let response: Response
  try {
    response = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(10_000) })
  } catch (error) {
    return failed(
      `${address} cannot be reached (${reasonOf(error)}).`,
      'Start the collector, and let the proxy in front pass this address on to it.',
    )
  }
  if (response.status >= 300 && response.status < 400) {
    return failed(
      `${address} redirects to ${response.headers.get('location') ?? 'somewhere else'}.`,
      'Give the address it redirects to: a browser’s events do not follow redirects.',
    )
  }
  const type = response.headers.get('content-type') ?? 'nothing'
  if (response.status !== 200 || !type.includes('javascript')) {
    return failed(
      `${address} answers ${response.status} with ${type} instead of the tracker.`,
      'Let the proxy pass the whole path on (or take the same part of it off as everywhere), and compare TRACKER_PATH.',
    )
  }
  return ok(`${address} gives the tracker.`)
}

/** `ENOTFOUND`, `CERT_HAS_EXPIRED`, … */
function reasonOf(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: string }; name?: string }
  return cause?.code ?? name ?? 'unknown error'
}
