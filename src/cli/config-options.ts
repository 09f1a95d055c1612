import { type Command, Option } from 'commander'
import { FILE_VARIABLE, SETTINGS } from '../config/settings.ts'

/** Adds a flag for each setting, and `--config`, to a command. Values stay text: `loadConfig` checks them. */
export function addConfigOptions(command: Command): Command {
  command.addOption(new Option('-c, --config <path>', `Configuration file (${FILE_VARIABLE}).`))
  for (const { flag, variable, description, fallback, isSwitch } of SETTINGS) {
    const known = fallback === undefined ? variable : `${variable}; default: ${String(fallback) || 'none'}`
    const option = new Option(`${flag} ${isSwitch ? '[value]' : '<value>'}`, `${description} (${known})`)
    command.addOption(isSwitch ? option.preset('true') : option)
  }
  return command
}
