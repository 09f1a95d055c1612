import { CONFIG_SCHEMA, describeSetting, type SettingKey } from './gateway-config.ts'
import { ON_OFF } from './setting.ts'

/** One setting, and its name in each source. */
export interface Setting {
  /** In the file: `dataDir`. */
  readonly key: SettingKey
  /** In the environment: `PINQL_DATA_DIR`. */
  readonly variable: string
  /** On the command line: `--data-dir`. */
  readonly flag: string
  readonly description: string
  /** Completes "expected …". */
  readonly expects: string
  /** The default. Undefined when the setting has none. */
  readonly fallback: unknown
  /** True for a setting that is on or off: its flag alone means on. */
  readonly isSwitch: boolean
}

/** The variable that names the configuration file. */
export const FILE_VARIABLE = 'PINQL_CONFIG'

/** All settings except `services`, which only a file can contain. All names are derived from the key. */
export const SETTINGS: readonly Setting[] = Object.entries(CONFIG_SCHEMA.shape)
  .filter(([key]) => key !== 'services')
  .map(([key, schema]) => {
    const words = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    const described = describeSetting(schema)
    return {
      key: key as SettingKey,
      variable: `PINQL_${words.replaceAll('-', '_').toUpperCase()}`,
      flag: `--${words}`,
      ...described,
      isSwitch: described.expects === ON_OFF,
    }
  })
