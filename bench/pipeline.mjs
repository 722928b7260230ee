/**
 * What the pipeline costs: CPU time an event and step, beyond `JSON.parse` and `JSON.stringify` of the same event.
 *
 *     node bench/pipeline.mjs [--events 20000] [--rounds 15] [--json]
 *
 * CPU time of this process, so other work on the machine counts little; the median of the rounds. The ratio to `JSON.parse` of the same
 * events in the same run is what can be compared between machines.
 */
import { parseArgs } from 'node:util'
import { notes } from './lib/notes.mjs'
import { loadSource } from './load-source.mjs'

const { values: args } = parseArgs({
  options: {
    events: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
  },
})
const EVENTS = Number(args.events)
const ROUNDS = Number(args.rounds)
const { note, report } = notes('pipeline')

const pipeline = await loadSource('packages/collector', {
  prepare: 'src/pipeline/prepare.ts',
  validate: 'src/pipeline/validate/validate.ts',
  enrich: 'src/pipeline/enrich/enrich.ts',
  normalise: 'src/pipeline/normalise/normalise.ts',
  guard: 'src/pipeline/guard/guard.ts',
  meetsMeta: 'src/pipeline/requirements.ts',
  finish: 'src/pipeline/finish.ts',
  address: 'src/pipeline/address.ts',
  leaveOut: 'src/pipeline/leave-out.ts',
  Findings: 'src/pipeline/findings.ts',
  createBotCheck: 'src/pipeline/bot-check.ts',
  sha256: 'src/sha256.ts',
})

const NOW_MS = Date.now()
const USER_AGENTS = Array.from(
  { length: 200 },
  (_, index) =>
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${100 + (index % 50)}.0.${index}.0 Safari/537.36`,
)

/** A Purchase with everything that a good shop sends; every visitor is another, so that nothing but user agents repeats. */
function purchase(index) {
  return {
    event_name: 'Purchase',
    event_time: Math.floor(NOW_MS / 1000) - 3,
    event_id: `pm.${index.toString(36)}.k3j9d8s7a6f5`,
    event_source_url: `https://www.shop.example/checkout/thanks?order=${100000 + index}&utm_source=fb&utm_campaign=autumn`,
    referrer_url: 'https://www.shop.example/checkout/payment',
    action_source: 'website',
    user_data: {
      em: `Visitor.${index}@Example.com`,
      ph: `+1 650 555 ${String(1000 + (index % 9000))}`,
      fn: 'Mary-Jane',
      ln: `O'Neil${index % 1000}`,
      ct: 'New York',
      st: 'NY',
      zp: '10001-1234',
      country: 'US',
      external_id: `U-${index}`,
      fbp: `fb.1.${NOW_MS - index}.${1000000000 + index}`,
      fbc: `fb.1.${NOW_MS - index}.IwAR2Fr1b0_aem_AbCdEfGh${index}`,
    },
    custom_data: {
      value: 59.98,
      currency: 'EUR',
      order_id: `ORD-${100000 + index}`,
      content_type: 'product',
      contents: [
        { id: 'SKU-1234', quantity: 1, item_price: 19.99 },
        { id: 'SKU-5678', quantity: 1, item_price: 39.99 },
      ],
      num_items: 2,
    },
    mirror: { pixel: 'loaded', sent_at: NOW_MS - 50, version: '1.0.0' },
  }
}

/** A page view as the tracker sends most of: no plain personal data. */
function pageView(index) {
  const { event_time, event_id, event_source_url, referrer_url, user_data, mirror } = purchase(index)
  const { fbp, fbc } = user_data
  return {
    event_name: 'PageView',
    event_time,
    event_id,
    event_source_url,
    referrer_url,
    user_data: { fbp, fbc },
    mirror,
  }
}

const isBot = pipeline.createBotCheck()
const options = {
  pixels: {
    get: (id) => ({ id, allowedOrigins: [] }),
    all: () => [{ id: '1', allowedOrigins: [] }],
    onChange: () => () => {},
  },
  isBot,
  randomId: () => 'made-up',
}

function received(index) {
  return {
    sender: 'browser',
    receivedAtMs: NOW_MS,
    clientIpAddress: `2001:db8::${(index % 65536).toString(16)}`,
    clientUserAgent: USER_AGENTS[index % USER_AGENTS.length],
    origin: 'https://www.shop.example',
    prefetch: false,
  }
}

/** Microseconds of CPU time that `work` takes for one event, this once. */
function cost(work) {
  const before = process.cpuUsage()
  for (let index = 0; index < EVENTS; index++) work(index)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / EVENTS
}

/**
 * Measures all works in turn, round after round, so that a busy neighbour disturbs them alike.
 *
 * @returns for each work its cost in each round
 */
function costs(works) {
  works.forEach(cost)
  const rounds = Array.from({ length: ROUNDS }, () => works.map(cost))
  return works.map((_, index) => rounds.map((round) => round[index]))
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

function measure(title, make) {
  const texts = Array.from({ length: EVENTS }, (_, index) => JSON.stringify(make(index)))
  const requests = texts.map((_, index) => received(index))

  /** The first `count` steps on one event. What a step costs is the difference that it makes. */
  const run = (count) => (index) => {
    const request = requests[index]
    const event = JSON.parse(texts[index])
    if (count === 0) return event
    const findings = new pipeline.Findings()
    const pixelId = pipeline.address(event, request, options, findings)
    const draft = pipeline.validate(event, request, findings)
    if (count > 1) pipeline.enrich(draft, request, options, findings)
    if (count > 2) pipeline.leaveOut(draft, pixelId, request, options)
    if (count > 3) pipeline.normalise(draft, request, options, findings)
    if (count > 4) pipeline.guard(draft, findings)
    if (count > 5) pipeline.meetsMeta(draft, request, findings)
    if (count > 6) return pipeline.finish(draft, { incoming: event, pixelId, received: request, findings })
    return draft
  }
  const names = ['validate', 'enrich', 'bot check', 'normalise and hash', 'guard', 'demands of Meta', 'finish']
  const finished = texts.map((text, index) =>
    JSON.parse(pipeline.prepare(JSON.parse(text), requests[index], options).event.json),
  )
  const hashed = Object.values(finished[0].user_data).filter(Array.isArray).length
  const [whole, stringify, hashes, ...upTo] = costs([
    (index) => pipeline.prepare(JSON.parse(texts[index]), requests[index], options),
    (index) => JSON.stringify(finished[index]),
    (index) => {
      for (let count = 0; count < hashed; count++) pipeline.sha256(`visitor.${index}${count}@example.com`)
    },
    run(0),
    ...names.map((_, index) => run(index + 1)),
  ])
  const parse = upTo[0]

  console.log(`\n${title}, ${texts[0].length} bytes`)
  const line = (name, rounds) => {
    const us = median(rounds)
    const ratio = median(rounds.map((cost, round) => cost / parse[round]))
    console.log(`  ${name.padEnd(36)} ${us.toFixed(2).padStart(7)} µs ${ratio.toFixed(2).padStart(7)} × parse`)
    note(`${title}: ${name}`, us, `µs, ${ratio.toFixed(2)} × JSON.parse`)
  }
  line('JSON.parse of the event', parse)
  line('JSON.stringify of what Meta gets', stringify)
  names.forEach((name, step) => {
    const added = upTo[step + 1].map((cost, round) => cost - upTo[step][round])
    if (name === 'finish')
      line(
        'finish, beyond JSON.stringify',
        added.map((cost, round) => cost - stringify[round]),
      )
    else line(name, added)
  })
  line(
    'everything, beyond JSON',
    whole.map((cost, round) => cost - parse[round] - stringify[round]),
  )
  line(`(of it ${hashed} hashes)`, hashes)
}

console.log(`Node ${process.version}, ${EVENTS} events, median of ${ROUNDS} rounds, CPU time`)
measure('Purchase with eleven keys of user_data', purchase)
measure('PageView', pageView)
if (args.json) report()
