/** What an address says behind its question mark, decoded once. */
export const queryOf = (url: string): Record<string, string> => Object.fromEntries(new URL(url).searchParams)
