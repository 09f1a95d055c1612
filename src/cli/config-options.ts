import { type Command, Option } from 'commander'
import type { SettingKey } from '../config/gateway-config.ts'
import { FILE_VARIABLE, SETTINGS } from '../config/settings.ts'

/**
 * Adds `--config` and flags for settings to a command. Values stay text: `loadConfig` checks them.
 *
 * @param keys the settings that the command uses. Default: all.
 */
export function addConfigOptions(command: Command, keys?: readonly SettingKey[]): Command {
  command.addOption(new Option('-c, --config <path>', `Configuration file (${FILE_VARIABLE}).`))
  const settings = SETTINGS.filter(({ key }) => keys?.includes(key) ?? true)
  for (const { flag, variable, description, fallback, isSwitch } of settings) {
    const known = fallback === undefined ? variable : `${variable}; default: ${String(fallback) || 'none'}`
    const option = new Option(`${flag} ${isSwitch ? '[value]' : '<value>'}`, `${description} (${known})`)
    command.addOption(isSwitch ? option.preset('true') : option)
  }
  return command
}
