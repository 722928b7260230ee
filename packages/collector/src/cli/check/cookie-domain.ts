import { getDomain } from 'tldts'
import { about, type Check } from './finding.js'

const { ok, failed, skipped, warning } = about('cookie domain')

/** Can the collector set `_fbp` and `_fbc` where the shop's pages read them? */
export const checkCookieDomain: Check = ({ settings, publicUrl }) => {
  if (publicUrl === undefined) return [skipped('Needs --url, the address that visitors see.')]
  const { hostname } = new URL(publicUrl)
  const registrable = getDomain(hostname, { allowPrivateDomains: true })
  if (registrable === null) {
    return [
      warning(
        `${hostname} is no domain name: cookies are kept for this host alone.`,
        'Use a name below the shop’s domain.',
      ),
    ]
  }
  const domain = settings.cookieDomain ?? registrable
  if (hostname !== domain && !hostname.endsWith(`.${domain}`)) {
    return [
      failed(
        `COOKIE_DOMAIN is ${domain}, but the collector is at ${hostname}: browsers refuse such cookies.`,
        `Set COOKIE_DOMAIN=${registrable}, or take it out.`,
      ),
    ]
  }
  const foreign = settings.pixels
    .flatMap(({ allowedOrigins }) => allowedOrigins)
    .filter((origin) => getDomain(origin.replace('*.', ''), { allowPrivateDomains: true }) !== registrable)
  if (foreign.length > 0) {
    return [
      warning(
        `Cookies are set for ${domain}; pages of ${[...new Set(foreign)].join(', ')} are other sites and cannot read them.`,
        'Give each site a name for the collector below its own domain: Safari and Firefox keep cookies only for the site itself.',
      ),
    ]
  }
  return [ok(`Cookies are set for ${domain}.`)]
}
