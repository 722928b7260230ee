/**
 * `ge`: `f` or `m`. What is neither is left out: Meta knows no third letter.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export function normaliseGender(value: string): string | undefined {
  const word = value.trim().toLowerCase().normalize('NFC')
  return FEMALE.has(word) ? 'f' : MALE.has(word) ? 'm' : undefined
}

/** The words of Meta's parameter builder, and those that forms in other languages send. */
const FEMALE = new Set(
  'f female woman girl lady ms mrs miss she her w weiblich frau femme féminin madame mujer femenino donna femmina vrouw kvinna kobieta mulher feminino'.split(
    ' ',
  ),
)
const MALE = new Set(
  'm male man boy gentleman mr mister he him männlich mann herr homme masculin monsieur hombre masculino uomo maschio kille mężczyzna homem'.split(
    ' ',
  ),
)
