/** All that goes wrong on the rack. Every fault is a card in a deck, so that in a long run each comes equally often. */
import { setTimeout as wait } from 'node:timers/promises'
import { PIXELS, POISON } from './events.mjs'

const HOUR_S = 3_600
const CLOCK_JUMPS_S = [-72 * HOUR_S, -20 * HOUR_S, -HOUR_S, HOUR_S, 20 * HOUR_S, 72 * HOUR_S]

/** What passes by itself. */
const META_FAULTS = [
  { kind: 'server_error' },
  { kind: 'server_error', taken: true },
  { kind: 'html' },
  { kind: 'html', taken: true },
  { kind: 'reset' },
  { kind: 'reset', taken: true },
  { kind: 'hang' },
  { kind: 'hang', taken: true },
  { kind: 'half' },
  { kind: 'drip', ms: 50, pieceBytes: 8 },
  { kind: 'throttle', retryAfterS: 1, regainMinutes: 0 },
  { kind: 'throttle', code: 80_004, retryAfterS: 1, regainMinutes: 0, status: 429 },
  { kind: 'graph_error', code: 1, status: 500, transient: true },
  { kind: 'latency', ms: 300, jitterMs: 300 },
]

/** After these a lane is parked, and tried again a minute later. */
const META_PARKS = [
  { kind: 'bad_token' },
  { kind: 'wrong_pixel' },
  { kind: 'permission' },
  { kind: 'deprecated_version' },
]

const nameOf = ({ kind, taken, code }) => [kind, code, taken && 'after taking the batch'].filter(Boolean).join(', ')

/** One event name that Meta refuses whatever it holds, all the time. */
export function poison(sandbox) {
  sandbox.behave({ kind: 'poison', event_name: POISON })
}

/** What happens to the collector. Each resolves when it runs again. */
export function onCollector({ collector, revive, cutPower, chance, calmDisk }) {
  return [
    ...['kill', 'kill again'].map((name) => ({
      name: `collector: ${name}`,
      async run() {
        await collector.stop('SIGKILL')
        await revive()
      },
    })),
    {
      name: 'collector: restart',
      async run() {
        await collector.stop('SIGTERM')
        await revive()
      },
    },
    {
      name: 'collector: kill while it starts',
      async run() {
        await collector.stop('SIGKILL')
        const starting = collector.start().catch(() => undefined)
        await wait(chance.between(10, 400))
        await collector.stop('SIGKILL')
        await starting
        await revive()
      },
    },
    {
      name: 'collector: freeze',
      async run() {
        collector.signal('SIGSTOP')
        await wait(chance.between(50, 1_000))
        collector.signal('SIGCONT')
      },
    },
    cutPower && {
      name: 'power cut',
      // On a full disk the files could not be put back as they were.
      run: () =>
        calmDisk(async () => {
          await cutPower(collector, chance.between(300, 2_000), chance.next)
          await revive()
        }),
    },
  ].filter(Boolean)
}

/** What happens around it. Each begins at once and returns what ends it. */
export function around({ sandbox, wires, disk, clock, chance, parks }) {
  const faults = parks ? [...META_FAULTS, ...META_PARKS] : META_FAULTS
  const oneFault = faults.map((fault) => ({
    name: `Meta: ${nameOf(fault)}`,
    begin: () => sandbox.behave(chance.next() < 0.5 ? { ...fault, pixel_id: chance.oneOf(PIXELS) } : fault),
  }))
  const manyFaults = {
    name: 'Meta: another fault for each pixel at once',
    begin: () => {
      const seed = Math.floor(chance.next() * 1e9)
      return sandbox.behave(
        ...PIXELS.flatMap((pixel_id) => [
          { ...chance.oneOf(faults), pixel_id, probability: 0.6, seed },
          { ...chance.oneOf(faults), pixel_id, probability: 0.6, seed: seed + 1 },
        ]),
      )
    },
  }
  const network = Object.entries(wires).flatMap(([where, wire]) => [
    { name: `network ${where}: cut`, begin: () => wire.cut() },
    { name: `network ${where}: slow`, begin: () => wire.delay(chance.between(50, 800)) },
    { name: `network ${where}: dead without a word`, begin: () => wire.stopUp() },
  ])
  return [
    ...oneFault,
    ...Array.from({ length: 4 }, () => manyFaults),
    ...network,
    ...(disk ? Array.from({ length: 3 }, () => ({ name: 'disk: full', begin: () => disk.fill() })) : []),
    ...(clock
      ? CLOCK_JUMPS_S.map((seconds) => ({
          name: 'clock: jumps',
          async begin() {
            await clock.jump(seconds)
            return () => clock.jump(0)
          },
        }))
      : []),
  ]
}
