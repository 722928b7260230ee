/**
 * Until when each version of the Graph API answers. Newer ones than listed are taken to be alive.
 *
 * @see https://developers.facebook.com/docs/graph-api/changelog/versions
 */
const AVAILABLE_UNTIL: Readonly<Record<number, string>> = {
  21: '2027-01-21',
  22: '2027-05-20',
  23: '2027-10-08',
  24: '2028-02-18',
  25: '2028-07-29',
}
const OLDEST = 21

/** Whether Meta still answers calls to `v{major}.0`. */
export function isAlive(major: number, nowMs: number): boolean {
  const until = AVAILABLE_UNTIL[major]
  return until === undefined ? major >= OLDEST : nowMs < Date.parse(until)
}
