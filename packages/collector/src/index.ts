export { CollectorError, QueueFullError, QueueInUseError, QueueUnavailableError, SettingsError } from './errors.js'
