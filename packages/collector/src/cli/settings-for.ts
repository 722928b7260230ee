import type { Settings } from '../settings.js'
import type { Environment } from '../settings/given.js'
import { loadSettings } from '../settings/load-settings.js'
import type { Args, Option } from './command.js'

/** The options of every command that needs settings. */
export const SETTINGS_OPTIONS = {
  config: { value: 'FILE', help: 'The configuration file. Default: CONFIG_FILE, else pixel-mirror.config.json.' },
} as const satisfies Record<string, Option>

/** @throws SettingsError with every problem at once */
export function settingsFor({ values }: Args, env: Environment): Settings {
  return loadSettings({ env, ...(values['config'] === undefined ? {} : { configFile: values['config'] }) })
}
