export { createCollector } from './collector.js'
export type { Collector, CollectorOptions } from './collector.js'
export { CollectorError, QueueFullError, QueueInUseError, QueueUnavailableError, SettingsError } from './errors.js'
export { createPixels } from './pixels.js'
export type { Pixel, Pixels, ReloadablePixels } from './pixels.js'
export { Secret } from './secret.js'
export type { Settings } from './settings.js'
export { loadSettings } from './settings/load-settings.js'
export type { SettingsSources } from './settings/load-settings.js'
export { openQueue } from './queue/open-queue.js'
export type { QueueOptions } from './queue/queue-options.js'
export { gap, laneName } from './queue/queue.js'
export type {
  AppendResult,
  Books,
  DeadLetter,
  DeathReason,
  LaneKey,
  Lease,
  LeasedEvent,
  PixelBooks,
  Queue,
  QueuedEvent,
  QueueStatus,
  Verdict,
} from './queue/queue.js'
