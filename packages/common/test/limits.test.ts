import { expect, it } from 'vitest'
import { limits } from '@pixel-mirror/common'

it("keeps Meta's age limit at seven days, and at sixty-two for a physical store", () => {
  expect(limits.MAX_EVENT_AGE_MS).toBe(7 * 86_400_000)
  expect(limits.MAX_PHYSICAL_STORE_EVENT_AGE_MS).toBe(62 * 86_400_000)
})
