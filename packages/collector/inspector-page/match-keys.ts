/**
 * What Meta matches an event to a person by, most telling first, and how a site comes to send it.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/best-practices
 */
export interface MatchKey {
  /** One key of `user_data`, or several that only help together. */
  keys: readonly string[]
  label: string
  /** Its name in the middle of a sentence. */
  inSentence: string
  short: string
  /** How much a conversion gains by it, 3 most. Meta publishes no formula; this is the order of its recommendations. */
  worth: 1 | 2 | 3
  /** Sites know it only of people who have told them. */
  personal: boolean
  /** What to do, in one or two sentences. */
  how: string
  /** What to write, if it is code. */
  code?: string
}

export const MATCH_KEYS: readonly MatchKey[] = [
  {
    keys: ['em'],
    label: 'E-mail',
    inSentence: 'the e-mail address',
    short: 'E-mail',
    worth: 3,
    personal: true,
    how: 'Say it once, as soon as you know it: after sign-in and at checkout. It is hashed before it is stored or sent.',
    code: "tracker.identify({ em: 'jane@example.com' })",
  },
  {
    keys: ['ph'],
    label: 'Phone number',
    inSentence: 'the phone number',
    short: 'Phone',
    worth: 3,
    personal: true,
    how: 'Say it with its country code, or set DEFAULT_COUNTRY so that local numbers are completed.',
    code: "tracker.identify({ ph: '+44 20 7946 0958' })",
  },
  {
    keys: ['fbc'],
    label: 'Click id (fbc)',
    inSentence: 'the click id',
    short: 'Click id',
    worth: 3,
    personal: false,
    how: 'It exists only for visitors who came by an ad, so a low share can be right. Make sure that redirects keep the fbclid parameter and that the tracker is on the landing page.',
  },
  {
    keys: ['client_ip_address', 'client_user_agent'],
    label: 'Address and browser',
    inSentence: 'address and browser',
    short: 'IP + browser',
    worth: 3,
    personal: false,
    how: 'The collector adds both by itself. If the address is missing, visitors come through a proxy: set TRUST_PROXY. Your servers must pass on the visitor’s. (On your own machine nobody has a public address.)',
  },
  {
    keys: ['fbp'],
    label: 'Browser id (fbp)',
    inSentence: 'the browser id',
    short: 'Browser id',
    worth: 2,
    personal: false,
    how: 'The tracker sets it by itself once consent allows. Serve the collector from the site’s own domain so that the cookie is first-party; servers can pass the _fbp cookie on.',
  },
  {
    keys: ['external_id'],
    label: 'External id',
    inSentence: 'your customer id',
    short: 'Your id',
    worth: 2,
    personal: true,
    how: 'Your own id of the customer, the same in every channel and on every page.',
    code: "tracker.identify({ external_id: 'customer-4711' })",
  },
  {
    keys: ['fn', 'ln'],
    label: 'First and last name',
    inSentence: 'the name',
    short: 'Name',
    worth: 2,
    personal: true,
    how: 'Checkout and account forms have it. First and last name help together.',
    code: "tracker.identify({ fn: 'Jane', ln: 'Doe' })",
  },
  {
    keys: ['ct', 'zp', 'country'],
    label: 'City, postcode and country',
    inSentence: 'city, postcode and country',
    short: 'Place',
    worth: 1,
    personal: true,
    how: 'The delivery address has them.',
    code: "tracker.identify({ ct: 'Leeds', zp: 'LS1 4AP', country: 'GB' })",
  },
]

/** What people do before they have said who they are. Everything else, custom events too, is worth knowing more about. */
const BROWSING = new Set([
  'PageView',
  'ViewContent',
  'Search',
  'AddToCart',
  'AddToWishlist',
  'CustomizeProduct',
  'FindLocation',
])

export const isBrowsing = (eventName: string): boolean => BROWSING.has(eventName)

/** Can nearly every event of this name have this key? Not everybody comes by an ad, or has signed in when he looks around. */
export const isExpected = ({ keys, personal }: MatchKey, eventName: string): boolean =>
  keys[0] !== 'fbc' && !(personal && isBrowsing(eventName))
