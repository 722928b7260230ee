/**
 * The benchmarks of `pnpm bench`, in its order, with arguments that fit all of them into ten minutes on a quiet machine. The limits are for
 * busy ones: who exceeds them hangs.
 */
export const BENCHES = [
  { name: 'ingest', title: 'Durable ingest', args: ['--seconds', '2', '--rounds', '5'], limitS: 480 },
  { name: 'relay', title: 'The relay beside a bare loop', args: ['--events', '100000'], limitS: 240 },
  {
    name: 'relay-lanes',
    title: 'One revoked token among busy pixels',
    args: ['--seconds', '5', '--rounds', '2'],
    limitS: 240,
  },
  { name: 'peers', title: 'Beside what people run today', args: [], limitS: 240 },
  { name: 'scale', title: 'Waiting events by the million', args: [], limitS: 240 },
  { name: 'cluster', title: 'Several collectors on one queue', args: [], limitS: 180 },
  {
    name: 'bloat',
    title: 'Many times through one PostgreSQL',
    args: [],
    limitS: 180,
  },
  { name: 'tracker', title: 'The tracker in Chromium', args: [], limitS: 180 },
  { name: 'queue', title: 'The SQLite queue alone', args: ['append'], limitS: 120 },
  { name: 'pipeline', title: 'From the socket to the queue, step by step', args: ['--rounds', '7'], limitS: 120 },
  { name: 'inspector', title: 'What watching costs', args: ['--rounds', '3'], limitS: 120 },
]
