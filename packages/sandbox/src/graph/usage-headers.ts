/**
 * How much of the rate limits is used up, as Meta tells it once enough calls were made.
 *
 * @param percent 0 to 100, at which Meta throttles.
 * @param regainMinutes how long it will be until calls are let through again.
 * @see https://developers.facebook.com/documentation/ads-commerce/marketing-api/overview/rate-limiting
 */
export function usageHeaders(pixelId: string, percent: number, regainMinutes: number): Record<string, string> {
  const usage = { call_count: percent, total_cputime: percent, total_time: percent }
  const useCase = {
    type: 'ads_management',
    ...usage,
    estimated_time_to_regain_access: regainMinutes,
    ads_api_access_tier: 'standard_access',
  }
  return {
    'x-app-usage': JSON.stringify(usage),
    'x-business-use-case-usage': JSON.stringify({ [pixelId]: [useCase] }),
  }
}
