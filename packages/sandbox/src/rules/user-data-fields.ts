import type { UserData } from '@pixel-mirror/common'
import type { FieldType } from './field-type.js'

/**
 * What Meta expects of each customer information parameter.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export const USER_DATA_FIELDS = {
  em: { type: 'texts', hashed: true },
  ph: { type: 'texts', hashed: true },
  fn: { type: 'texts', hashed: true },
  ln: { type: 'texts', hashed: true },
  ge: { type: 'texts', hashed: true },
  db: { type: 'texts', hashed: true },
  ct: { type: 'texts', hashed: true },
  st: { type: 'texts', hashed: true },
  zp: { type: 'texts', hashed: true },
  country: { type: 'texts', hashed: true },
  f5first: { type: 'texts', hashed: true },
  f5last: { type: 'texts', hashed: true },
  fi: { type: 'texts', hashed: true },
  dobd: { type: 'texts', hashed: true },
  dobm: { type: 'texts', hashed: true },
  doby: { type: 'texts', hashed: true },
  /** Hashing is only recommended. */
  external_id: { type: 'texts', hashed: false },
  client_ip_address: { type: 'text', hashed: false },
  client_user_agent: { type: 'text', hashed: false },
  fbc: { type: 'text', hashed: false },
  fbp: { type: 'text', hashed: false },
  subscription_id: { type: 'id', hashed: false },
  fb_login_id: { type: 'id', hashed: false },
  lead_id: { type: 'id', hashed: false },
  anon_id: { type: 'text', hashed: false },
  madid: { type: 'text', hashed: false },
  page_id: { type: 'id', hashed: false },
  page_scoped_user_id: { type: 'id', hashed: false },
  ctwa_clid: { type: 'text', hashed: false },
  ig_account_id: { type: 'id', hashed: false },
  ig_sid: { type: 'id', hashed: false },
  whatsapp_business_account_id: { type: 'id', hashed: false },
} as const satisfies Record<keyof UserData, { type: FieldType; hashed: boolean }>

export const USER_DATA_TYPES: Readonly<Record<string, FieldType>> = Object.fromEntries(
  Object.entries(USER_DATA_FIELDS).map(([name, { type }]) => [name, type]),
)

/** The parameters that have to arrive as SHA-256 digests. */
export const HASHED_FIELDS: readonly string[] = Object.entries(USER_DATA_FIELDS)
  .filter(([, { hashed }]) => hashed)
  .map(([name]) => name)
