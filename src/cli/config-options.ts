import { type Command, Option } from 'commander'
import { FILE_VARIABLE, SETTINGS } from '../config/settings.ts'

/** Gives a command a flag for each setting, and `--config`. Values stay text; the configuration's schema judges them. */
export function addConfigOptions(command: Command): Command {
  command.addOption(new Option('-c, --config <path>', `Configuration file (${FILE_VARIABLE}).`))
  for (const { flag, variable, description, fallback } of SETTINGS) {
    const known = fallback === undefined ? variable : `${variable}; default: ${String(fallback) || 'none'}`
    command.addOption(new Option(`${flag} <value>`, `${description} (${known})`))
  }
  return command
}
