import { DEFAULT_CONFIG_FILE } from './load-settings.js'
import { SETTINGS } from './table.js'
import type { Setting } from './table.js'

/** The settings as the table of `README.md`, which a test compares with it. */
export function settingsMarkdown(): string {
  return ['| Variable | Default | |', '| --- | --- | --- |', ...Object.values(SETTINGS).map(row), CONFIG_FILE_ROW].join(
    '\n',
  )
}

const CONFIG_FILE_ROW = `| \`CONFIG_FILE\` | \`${DEFAULT_CONFIG_FILE}\`, if it is there | The configuration file: the same settings in camelCase, without \`META_\`, and \`pixels\`. |`

function row({ env, secret, doc, fallback, fallbackText }: Setting): string {
  const name = secret ? `\`${env}\` (or \`${env}_FILE\`)` : `\`${env}\``
  const plain = fallback === undefined ? 'none' : `\`${fallback as string | number}\``
  return `| ${name} | ${fallbackText ?? plain} | ${doc} |`
}
