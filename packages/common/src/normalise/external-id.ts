/**
 * `external_id`: lower case, no whitespace, exactly as the pixel does it before hashing, so that both channels name the same person.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/external-id
 */
export function normaliseExternalId(value: string): string | undefined {
  return value.replace(WHITESPACE, '').toLowerCase() || undefined
}

const WHITESPACE = /\s+/g
