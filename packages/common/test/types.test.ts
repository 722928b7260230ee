import { describe, expectTypeOf, it } from 'vitest'
import type {
  CustomData,
  EventProperties,
  EventsWithRequiredProperties,
  StandardEventName,
  StandardEventProperties,
} from '@pixel-mirror/common'

describe('StandardEventProperties', () => {
  it('describe every standard event', () => {
    expectTypeOf<keyof StandardEventProperties>().toEqualTypeOf<StandardEventName>()
  })

  it('demand value and currency of a Purchase, and nothing of any other event', () => {
    expectTypeOf<EventsWithRequiredProperties>().toEqualTypeOf<'Purchase'>()
    expectTypeOf<{ value: number; currency: string }>().toExtend<StandardEventProperties['Purchase']>()
    expectTypeOf<{ value: number }>().not.toExtend<StandardEventProperties['Purchase']>()
    expectTypeOf<{ value: string; currency: string }>().not.toExtend<StandardEventProperties['Purchase']>()
  })

  it('take custom properties beside the known ones', () => {
    expectTypeOf<{ value: number; currency: string; margin: number }>().toExtend<StandardEventProperties['Purchase']>()
  })

  it('leave events of other names free', () => {
    expectTypeOf<EventProperties<'RatedProduct'>>().toEqualTypeOf<CustomData>()
    expectTypeOf<EventProperties<'Search'>['search_string']>().toEqualTypeOf<string | undefined>()
  })
})
