import { type Command, Option } from 'commander'
import type { SettingKey } from '../config/gateway-config.ts'
import { FILE_VARIABLE, SETTINGS } from '../config/settings.ts'

/**
 * Adds `--config` and flags for settings to a command. Values stay text: `loadConfig` checks them.
 *
 * @param keys the settings that the command uses. Default: all.
 */
export function addConfigOptions(command: Command, keys?: readonly SettingKey[]): Command {
  for (const option of configOptions(keys)) command.addOption(option)
  return command
}

/** Lists `--config` and flags for settings, a line each, for the help of another command. */
export function listConfigOptions(keys: readonly SettingKey[]): string {
  const options = configOptions(keys)
  const width = Math.max(...options.map(({ flags }) => flags.length)) + 2
  return options.map(({ flags, description }) => `  ${flags.padEnd(width)}${description}`).join('\n')
}

function configOptions(keys?: readonly SettingKey[]): Option[] {
  const settings = SETTINGS.filter(({ key }) => keys?.includes(key) ?? true)
  return [
    new Option('-c, --config <path>', `Configuration file (${FILE_VARIABLE}).`),
    ...settings.map(({ flag, variable, description, fallback, isSwitch }) => {
      const known = fallback === undefined ? variable : `${variable}; default: ${String(fallback) || 'none'}`
      const option = new Option(`${flag} ${isSwitch ? '[value]' : '<value>'}`, `${description} (${known})`)
      return isSwitch ? option.preset('true') : option
    }),
  ]
}
