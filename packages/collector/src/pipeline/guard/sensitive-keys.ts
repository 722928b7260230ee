import { findPersonal } from './personal-text.js'

/**
 * Names of properties and query parameters that hold personal data or secrets by their meaning, whatever the value looks like.
 *
 * They are compared in lower case and without separators, alone or as the end of a longer name: `customerEmail`, `billing_phone`.
 */
const ALWAYS = [
  'email',
  'emailaddress',
  'mailaddress',
  'password',
  'passwd',
  'passwort',
  'secret',
  'token',
  'apikey',
  'accesskey',
  'authorization',
  'sessionid',
  'firstname',
  'lastname',
  'fullname',
  'surname',
  'familyname',
  'givenname',
  'customername',
  'contactname',
  'recipientname',
  'cardholder',
  'username',
  'streetaddress',
  'street',
  'dateofbirth',
  'birthdate',
  'birthday',
  'socialsecuritynumber',
  'ssn',
  'passportnumber',
  'iban',
  'creditcard',
  'cardnumber',
  'ccnumber',
  'cvv',
  'cvc',
]

/** Only as the whole name: too short, or the end of harmless words. */
const WHOLE = new Set([
  'mail',
  'pwd',
  'pass',
  'auth',
  'sid',
  'session',
  'fname',
  'lname',
  'dob',
  'address',
  'otp',
  'jwt',
])

/** With several digits behind them; `phone: "Pixel 9"` is a product. */
const WITH_DIGITS = ['phone', 'phonenumber', 'telephone', 'mobile', 'mobilenumber', 'tel', 'whatsapp', 'fax']

/** Whether a value under this key is personal: always, if it holds several digits, or not because of its key. */
export type Sensitivity = 'always' | 'with_digits' | 'no'

/** What a key says about its value. Answers are remembered: a site uses few keys, over and over. */
export function sensitivity(key: string): Sensitivity {
  const known = remembered.get(key)
  if (known !== undefined) return known
  const answer = classify(key)
  if (key.length > MAX_LENGTH) return answer
  if (remembered.size >= MAX_REMEMBERED) remembered.clear()
  remembered.set(key, answer)
  return answer
}

const SEPARATORS = /[^a-z0-9]+/g

const MAX_REMEMBERED = 2_000
const MAX_LENGTH = 64
const remembered = new Map<string, Sensitivity>()

function classify(key: string): Sensitivity {
  // An address as a key: whatever stands behind it is about that person.
  if (findPersonal(key).kind !== 'clean') return 'always'
  const name = key.toLowerCase().replace(SEPARATORS, '')
  if (WHOLE.has(name) || ALWAYS.some((word) => name.endsWith(word))) return 'always'
  return WITH_DIGITS.some((word) => name.endsWith(word)) ? 'with_digits' : 'no'
}
