/** What the clients send: mostly sound events, some that the collector must refuse, some that Meta refuses whatever they hold. */

export const PIXELS = ['1000000000000001', '1000000000000002', '1000000000000003']

/** Meta refuses it by name: it must end as a dead letter, and take no other with it. */
export const POISON = 'Poison'

/** Begins the id of each event that must never reach Meta. */
const BAD_ID = 'bad-'

/** Each breaks one rule of Meta's; the collector must see it before Meta does. */
const FLAWS = [
  (event) => ({ ...event, event_name: 'Purchase', custom_data: { value: 1 } }),
  (event) => ({ ...event, event_time: event.event_time - 8 * 86_400 }),
  (event) => ({ ...event, event_time: 'yesterday' }),
  (event) => ({ ...event, user_data: {} }),
  (event) => ({ ...event, action_source: 'telepathy' }),
  (event) => ({ ...event, event_name: '' }),
]

/** The event of a client's round: one in fifty is flawed, one in two hundred poisonous. */
export function makeEvent(id, round) {
  const event = {
    pixel_id: PIXELS[round % PIXELS.length],
    event_name: round % 200 === 11 ? POISON : 'Lead',
    event_id: id,
    event_time: Math.floor(Date.now() / 1000),
    action_source: 'website',
    event_source_url: 'https://shop.example/',
    user_data: {
      em: `visitor-${id}@example.com`,
      client_ip_address: '203.0.113.9',
      client_user_agent: 'Mozilla/5.0 torture',
    },
  }
  if (round % 50 !== 7) return event
  const spoil = FLAWS[Math.floor(round / 50) % FLAWS.length]
  return { ...spoil(event), event_id: `${BAD_ID}${id}` }
}

export const isBad = ({ event_id }) => event_id.startsWith(BAD_ID)
