import { duration } from '../in-words.js'
import { about, type Check } from './finding.js'

const { ok, warning, failed, skipped } = about('clock')

/** A second of it is the header's own grain. */
const NOTICEABLE_MS = 3_000
/** From about here on Meta may take events for ones from the future, and browsers' clocks are mended by a wrong one. */
const WRONG_MS = 60_000

const MEND = 'Let the machine keep its time by NTP: timedatectl set-ntp true, or install chrony.'

/** Compares this machine's clock with Meta's, by the `Date` of an answer. */
export const checkClock: Check = async ({ settings, fetch, now }) => {
  if (settings.sandbox) return [skipped('The sandbox stands in for Meta, and has no clock of its own.')]
  const startedMs = now()
  let date: string | null
  try {
    const response = await fetch(`${settings.graphUrl}/`, { method: 'HEAD', signal: AbortSignal.timeout(10_000) })
    date = response.headers.get('date')
  } catch {
    return [
      failed(`${settings.graphUrl} does not answer.`, 'Let this machine reach it by HTTPS: firewall, DNS, proxy.'),
    ]
  }
  const theirsMs = Date.parse(date ?? '')
  if (Number.isNaN(theirsMs)) return [skipped(`${settings.graphUrl} does not say what time it is.`)]
  const offMs = (startedMs + now()) / 2 - theirsMs
  const words = `The clock is ${duration(Math.abs(offMs))} ${offMs < 0 ? 'behind' : 'ahead of'} Meta’s.`
  if (Math.abs(offMs) >= WRONG_MS) return [failed(words, MEND)]
  if (Math.abs(offMs) >= NOTICEABLE_MS) return [warning(words, MEND)]
  return [ok('The clock agrees with Meta’s.')]
}
