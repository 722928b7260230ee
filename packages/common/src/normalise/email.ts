/**
 * `em`: lower case, without space around it. Dots and `+tags` in a mailbox's name stay: Meta knows no provider's habits.
 *
 * What is no address is left out, by the rule of Meta's parameter builder: an ASCII name, `@`, and a domain of at least two ASCII labels.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export function normaliseEmail(value: string): string | undefined {
  const email = value.trim().toLowerCase()
  const at = email.lastIndexOf('@')
  return at > 0 && email.length <= MAX_EMAIL_LENGTH && NAME.test(email.slice(0, at)) && DOMAIN.test(email.slice(at + 1))
    ? email
    : undefined
}

/** RFC 5321, 4.5.3.1.3. */
const MAX_EMAIL_LENGTH = 254

/** Letters, digits and the specials that RFC 5322 allows without quotes; dots stand between them. */
const NAME = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/

/** Labels of letters, digits and inner hyphens, two at least. */
const DOMAIN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/
