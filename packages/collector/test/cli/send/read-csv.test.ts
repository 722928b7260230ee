import { describe, expect, it } from 'vitest'
import type { Line } from '../../../src/cli/send/file-lines.js'
import type { Order } from '../../../src/cli/send/order.js'
import { readCsv, type Heading } from '../../../src/cli/send/read-csv.js'

async function* linesOf(text: string): AsyncGenerator<Line> {
  await Promise.resolve()
  yield* text.split('\n').map((line, index) => ({ number: index + 1, text: line, endByte: index + 1 }))
}

async function read(text: string, skipTo?: number): Promise<{ orders: Order[]; heading: Heading | undefined }> {
  let heading: Heading | undefined
  const orders: Order[] = []
  for await (const order of readCsv(linesOf(text), (told) => (heading = told), skipTo)) orders.push(order)
  return { orders, heading }
}

const problems = (orders: Order[]) =>
  orders.flatMap((order) => ('problem' in order ? [[order.line, order.problem]] : []))
const events = (orders: Order[]) => orders.flatMap((order) => ('event' in order ? [order.event] : []))

describe('readCsv()', () => {
  it('puts each column where it belongs, by Meta’s names and by the usual ones', async () => {
    const { orders } = await read(
      'event_name,date,E-Mail,First Name,postcode,total,currency,order number,custom_data.colour\n' +
        'Purchase,1767225600,ada@example.com,Ada,10115,12.50,EUR,A-7,green',
    )

    expect(events(orders)).toEqual([
      {
        event_name: 'Purchase',
        event_time: 1_767_225_600,
        user_data: { em: 'ada@example.com', fn: 'Ada', zp: '10115' },
        custom_data: { value: 12.5, currency: 'EUR', order_id: 'A-7', colour: 'green' },
      },
    ])
  })

  it('keeps leading zeros, commas and line breaks of quoted fields', async () => {
    const { orders } = await read('zip,custom_data.note\n01067,"one, ""two""\nthree"')

    expect(events(orders)).toEqual([{ user_data: { zp: '01067' }, custom_data: { note: 'one, "two"\nthree' } }])
    expect(orders[0]?.line).toBe(2)
  })

  it.each([
    [';', '1.234,50', 1_234.5],
    [';', '1234.5', 1_234.5],
    ['\t', '7', 7],
  ])('understands columns parted by %j', async (delimiter, written, value) => {
    const { orders } = await read(`email${delimiter}value\na@b.c${delimiter}${written}`)

    expect(events(orders)).toMatchObject([{ custom_data: { value } }])
  })

  it('reads lists, flags and JSON', async () => {
    const { orders } = await read('content_ids;opt_out;contents\nA1|B2;yes;"[{""id"":""A1"",""quantity"":2}]"')

    expect(events(orders)).toMatchObject([
      { opt_out: true, custom_data: { content_ids: ['A1', 'B2'], contents: [{ id: 'A1', quantity: 2 }] } },
    ])
  })

  it('leaves out what is empty, and tells which columns mean nothing', async () => {
    const { orders, heading } = await read('email,phone,shoe size\nada@example.com,,42')

    expect(events(orders)).toEqual([{ user_data: { em: 'ada@example.com' }, custom_data: {} }])
    expect(heading?.unused).toEqual(['shoe size'])
  })

  it('costs a broken line that line alone', async () => {
    const { orders } = await read(
      [
        'email,value',
        'a@example.com,1',
        'b@example.com,2,3',
        'c@example.com,much',
        '"d@example.com,4',
        'e@example.com,5',
        'f"@example.com,6',
        '"g@example.com",7',
      ].join('\n'),
    )

    expect(problems(orders)).toEqual([
      [3, 'has 3 fields instead of 2'],
      [4, 'has a custom_data.value that cannot be read'],
      [5, 'has a quote in the wrong place'],
      [7, 'has a quote in the wrong place'],
    ])
    expect(events(orders).map(({ user_data }) => user_data?.em)).toEqual([
      'a@example.com',
      'e@example.com',
      'g@example.com',
    ])
  })

  it('never quotes a line in a problem, for it holds personal data', async () => {
    const { orders } = await read('email,value\nada@example.com,lots,more\n"ada@example.com,2')

    expect(JSON.stringify(problems(orders))).not.toContain('ada')
  })

  it('finds its place again behind stray quotes and fields of several lines', async () => {
    const text = ['email,custom_data.note', '"a@b.c,1', 'd@e.f,"two', 'lines"', 'g@h.i,3', 'j@k.l,4'].join('\n')
    const behind =
      (line: number) =>
      ({ orders }: { orders: Order[] }) =>
        orders.filter((order) => order.line > line)
    const all = await read(text)

    for (let line = 1; line <= 6; line++) expect(behind(line)(await read(text, line))).toEqual(behind(line)(all))
    expect(events((await read(text, 5)).orders).at(-1)).toMatchObject({ user_data: { em: 'j@k.l' } })
  })

  it('reads nothing of an empty file', async () => {
    expect((await read('')).orders).toEqual([])
  })
})
