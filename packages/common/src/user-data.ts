/**
 * Who did it: the customer information parameters of an event.
 *
 * What comes in may be plain or already hashed; what leaves the collector is hashed wherever Meta asks for it.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export interface UserData {
  /** E-mail addresses. Hashed. */
  em?: string | string[]
  /** Phone numbers with country code. Hashed. */
  ph?: string | string[]
  /** First names. Hashed. */
  fn?: string | string[]
  /** Last names. Hashed. */
  ln?: string | string[]
  /** Gender, `f` or `m`. Hashed. */
  ge?: string | string[]
  /** Dates of birth, `YYYYMMDD`. Hashed. */
  db?: string | string[]
  /** Cities. Hashed. */
  ct?: string | string[]
  /** States or provinces. Hashed. */
  st?: string | string[]
  /** Postcodes. Hashed. */
  zp?: string | string[]
  /** Countries, ISO 3166-1 alpha-2. Hashed. */
  country?: string | string[]
  /** The first five letters of the first name. Hashed; known from Meta's SDK, where `fn` is not to be sent. */
  f5first?: string | string[]
  /** The first five letters of the last name. Hashed. */
  f5last?: string | string[]
  /** The first letter of the first name. Hashed. */
  fi?: string | string[]
  /** Day of birth, `DD`. Hashed. */
  dobd?: string | string[]
  /** Month of birth, `MM`. Hashed. */
  dobm?: string | string[]
  /** Year of birth, `YYYY`. Hashed. */
  doby?: string | string[]
  /** The site's own ids of this visitor. Hashed. */
  external_id?: string | string[]
  /** The visitor's address, IPv6 preferred. Never hashed. */
  client_ip_address?: string
  /** The browser's user agent. Never hashed. */
  client_user_agent?: string
  /** Which ad click brought the visitor. Never hashed. */
  fbc?: string
  /** Which browser this is. Never hashed. */
  fbp?: string
  subscription_id?: string
  fb_login_id?: string | number
  lead_id?: string | number
  anon_id?: string
  madid?: string
  page_id?: string
  page_scoped_user_id?: string
  ctwa_clid?: string
  ig_account_id?: string
  ig_sid?: string
  whatsapp_business_account_id?: string
}
