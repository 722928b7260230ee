/** A two-letter language token of old, or six bytes in base64url that begin with format 1. */
const APPENDIX = /\.(?:AQ|Ag|Aw|BA|BQ|Bg|AQ[A-Za-z0-9_-]{6})$/

/**
 * The value without the telemetry that Meta's parameter builder adds to it. Meta takes it off as well.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameter-builder-library
 */
export function withoutAppendix(value: string): string {
  return value.replace(APPENDIX, '')
}
