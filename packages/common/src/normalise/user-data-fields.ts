import { once } from '../once.js'
import type { UserData } from '../user-data.js'
import { normaliseCity } from './city.js'
import type { NormaliseContext } from './context.js'
import { normaliseCountry } from './country.js'
import { normaliseDateOfBirth } from './date-of-birth.js'
import { normaliseEmail } from './email.js'
import { normaliseExternalId } from './external-id.js'
import { normaliseGender } from './gender.js'
import {
  normaliseDayOfBirth,
  normaliseFirstFive,
  normaliseInitial,
  normaliseMonthOfBirth,
  normaliseYearOfBirth,
} from './parts.js'
import { normalisePersonName } from './person-name.js'
import { normalisePhone } from './phone.js'
import {
  normaliseBrowserId,
  normaliseClickId,
  normaliseId,
  normaliseIpAddress,
  normaliseLeadId,
  normaliseLoginId,
  normaliseUserAgent,
} from './plain-fields.js'
import { normalisePostcode } from './postcode.js'
import { normaliseState } from './state.js'

/** What is done with one field of `user_data`. */
export interface UserDataField {
  /** Cleans one plain value; `undefined` when it cannot be used. Applied to its own result it changes nothing. */
  normalise: (value: string, context: NormaliseContext) => string | undefined
  /** Personal: leaves as SHA-256, and may hold several values. The others are sent as they are, one value each. */
  hashed: boolean
  /** Thirty-two hexadecimal digits are an MD5 digest that passes, as in Meta's libraries. */
  md5?: boolean
  /** People share its values, so the hash of one is worth remembering. It names nobody. */
  shared?: boolean
}

/**
 * Everything about every field of `user_data` in one place: code, tests and documentation read this table.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export const USER_DATA_FIELDS = {
  em: { normalise: normaliseEmail, hashed: true, md5: true },
  ph: { normalise: normalisePhone, hashed: true, md5: true },
  fn: { normalise: normalisePersonName, hashed: true, md5: true },
  ln: { normalise: normalisePersonName, hashed: true, md5: true },
  ge: { normalise: normaliseGender, hashed: true, md5: true, shared: true },
  db: { normalise: normaliseDateOfBirth, hashed: true, md5: true },
  ct: { normalise: normaliseCity, hashed: true, md5: true, shared: true },
  st: { normalise: normaliseState, hashed: true, md5: true, shared: true },
  zp: { normalise: normalisePostcode, hashed: true, md5: true, shared: true },
  country: { normalise: normaliseCountry, hashed: true, md5: true, shared: true },
  f5first: { normalise: normaliseFirstFive, hashed: true, md5: true },
  f5last: { normalise: normaliseFirstFive, hashed: true, md5: true },
  fi: { normalise: normaliseInitial, hashed: true, md5: true },
  dobd: { normalise: normaliseDayOfBirth, hashed: true, md5: true },
  dobm: { normalise: normaliseMonthOfBirth, hashed: true, md5: true },
  doby: { normalise: normaliseYearOfBirth, hashed: true, md5: true },
  // Mended: 32 digits here are as a rule a UUID without dashes. Meta's parameter builder would send it in the open; the pixel hashes it.
  external_id: { normalise: normaliseExternalId, hashed: true, md5: false },
  client_ip_address: { normalise: normaliseIpAddress, hashed: false },
  client_user_agent: { normalise: normaliseUserAgent, hashed: false },
  fbc: { normalise: normaliseClickId, hashed: false },
  fbp: { normalise: normaliseBrowserId, hashed: false },
  subscription_id: { normalise: normaliseId, hashed: false },
  fb_login_id: { normalise: normaliseLoginId, hashed: false },
  lead_id: { normalise: normaliseLeadId, hashed: false },
  anon_id: { normalise: normaliseId, hashed: false },
  madid: { normalise: normaliseId, hashed: false },
  page_id: { normalise: normaliseId, hashed: false },
  page_scoped_user_id: { normalise: normaliseId, hashed: false },
  ctwa_clid: { normalise: normaliseId, hashed: false },
  ig_account_id: { normalise: normaliseId, hashed: false },
  ig_sid: { normalise: normaliseId, hashed: false },
  whatsapp_business_account_id: { normalise: normaliseId, hashed: false },
} as const satisfies Record<keyof UserData, UserDataField>

/** Names that Meta's SDKs and hand-made relays use for a field. */
export const USER_DATA_ALIASES: Readonly<Record<string, keyof UserData>> = {
  email: 'em',
  emails: 'em',
  phone: 'ph',
  phones: 'ph',
  first_name: 'fn',
  last_name: 'ln',
  gender: 'ge',
  date_of_birth: 'db',
  city: 'ct',
  state: 'st',
  zip: 'zp',
  zip_code: 'zp',
  // Plugins of long ago.
  cn: 'country',
}

/** A field with its name, as a key of `user_data` finds it. */
export interface KnownField {
  name: keyof UserData
  field: UserDataField
}

/** The field that a key of `user_data` means, by its own name or another; `undefined` for a key that Meta does not know. */
export function userDataField(key: string): KnownField | undefined {
  return byKey().get(key)
}

/** A map, because every event asks it a dozen times: half the price of asking the objects. */
const byKey = once(() => {
  const known = new Map<string, KnownField>()
  for (const [name, field] of Object.entries(USER_DATA_FIELDS)) known.set(name, { name: name as keyof UserData, field })
  for (const [alias, name] of Object.entries(USER_DATA_ALIASES))
    known.set(alias, { name, field: USER_DATA_FIELDS[name] })
  return known
})
