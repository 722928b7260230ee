import { describe, expect, it } from 'vitest'
import { REMEDIES, remedyFor } from '../../src/relay/remedies.js'

describe('remedyFor()', () => {
  it('says one sentence for each cause', () => {
    for (const remedy of Object.values(REMEDIES)) expect(remedy).toMatch(/^[A-Z].+\.$/)
  })

  it("is more precise where Meta's subcode is", () => {
    expect(remedyFor({ cause: 'token_invalid', subcode: 463 })).toMatch(/expired/)
    expect(remedyFor({ cause: 'token_invalid', subcode: 1 })).toBe(REMEDIES.token_invalid)
  })

  it.each(['a new cause', 'constructor', ''])('knows what to say about %j too', (cause) => {
    expect(remedyFor({ cause })).toMatch(/Graph API error reference/)
  })
})
