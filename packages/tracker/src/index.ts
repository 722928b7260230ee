export { startTracker } from './tracker.js'
export type { Tracker, TrackOptions } from './api.js'
export type { TrackerOptions } from './options.js'
