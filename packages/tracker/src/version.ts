/** The tracker's version, as in package.json (a test compares them): every request names it. */
export const VERSION = '0.1.0'
