import { about, type Check } from './finding.js'

/**
 * Until when each version of the Graph API is available. A newer one than these is taken to live.
 *
 * @see https://developers.facebook.com/docs/graph-api/changelog/versions
 */
const AVAILABLE_UNTIL: Readonly<Record<string, string>> = {
  'v20.0': '2026-09-24',
  'v21.0': '2027-01-21',
  'v22.0': '2027-05-20',
  'v23.0': '2027-10-08',
  'v24.0': '2028-02-18',
  'v25.0': '2028-07-29',
}
const OLDEST_LISTED = 20

/** Long enough to change a setting at leisure. */
const WARN_BEFORE_MS = 90 * 24 * 3_600_000

const { ok, warning, failed } = about('API version')
const MEND = 'Take META_API_VERSION out: the default is a current one.'

/** Meta answers a version that has ended with an error, or as a newer one would. */
export const checkApiVersion: Check = ({ settings: { apiVersion }, now }) => {
  const until = AVAILABLE_UNTIL[apiVersion]
  if (until === undefined) {
    const tooOld = Number(/^v(\d+)/.exec(apiVersion)?.[1]) < OLDEST_LISTED
    return [tooOld ? failed(`${apiVersion} has ended long ago.`, MEND) : ok(`${apiVersion} is current.`)]
  }
  const leftMs = Date.parse(until) - now()
  if (leftMs <= 0) return [failed(`${apiVersion} ended on ${until}.`, MEND)]
  if (leftMs < WARN_BEFORE_MS) return [warning(`${apiVersion} ends on ${until}.`, MEND)]
  return [ok(`${apiVersion} is available until ${until}.`)]
}
