import { resolve } from 'node:path'
import { closest } from './closest.ts'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import { type ConfigFile, type Environment, readConfigFile } from './config-file.ts'
import type { GatewayConfig } from './gateway-config.ts'
import { parseConfig } from './parse-config.ts'
import { FILE_VARIABLE, SETTINGS } from './settings.ts'

const DEFAULT_FILE = 'pinql.config.yaml'

/**
 * Loads the configuration. Flags of the command line override the environment, which overrides the file.
 *
 * @param sources.flags values by setting key, and `config` for the path of the file
 * @param sources.env default `process.env`. An empty variable counts as missing.
 * @param sources.cwd folder of `pinql.config.yaml`, and base of relative paths. Default: the working directory.
 * @throws {ConfigError} with each wrong key, its source, the expected and the received value. Never contains a token.
 */
export async function loadConfig(
  sources: { flags?: Readonly<Record<string, unknown>>; env?: Environment; cwd?: string } = {},
): Promise<GatewayConfig> {
  const { flags = {}, env = process.env, cwd = process.cwd() } = sources
  const named = flags.config ?? (env[FILE_VARIABLE] || undefined)
  const file = await readFileOf(named === undefined ? undefined : String(named), cwd, env)

  const values: Record<string, unknown> = {}
  const origins = new Map<string, (path: readonly PropertyKey[]) => string>()
  const give = (key: string, value: unknown, origin: (path: readonly PropertyKey[]) => string) => {
    if (value === undefined || value === null) return
    values[key] = value
    origins.set(key, origin)
  }
  for (const [key, value] of Object.entries(file?.values ?? {})) give(key, value, (path) => file?.sourceOf(path) ?? '')
  for (const { key, variable, flag } of SETTINGS) {
    if (!isOfKubernetes(env[variable])) give(key, env[variable] || undefined, () => variable)
    give(key, flags[key], () => flag)
  }
  if (isEmptyMap(values.services)) delete values.services
  return parseConfig(values, {
    cwd,
    env,
    problems: [...misspelt(env), ...(file?.problems ?? [])],
    sourceOf: (path) => origins.get(String(path[0]))?.(path) ?? null,
  })
}

/** Returns the variables of the environment that have a setting's name, and are left alone since Kubernetes has set them. */
export function foreignVariables(env: Environment = process.env): readonly string[] {
  return SETTINGS.map(({ variable }) => variable).filter((variable) => isOfKubernetes(env[variable]))
}

/** Returns whether a value is one that Kubernetes gives to each container for a service: `PINQL_PORT` for one that is named `pinql`. */
function isOfKubernetes(value: string | undefined): boolean {
  return value !== undefined && /^(?:tcp|udp|sctp):\/\//.test(value)
}

async function readFileOf(named: string | undefined, cwd: string, env: Environment): Promise<ConfigFile | null> {
  const path = resolve(cwd, named ?? DEFAULT_FILE)
  const file = await readConfigFile(path, env)
  if (file === null && named !== undefined) {
    throw new ConfigError([{ key: path, source: null, message: 'expected a configuration file, got nothing there' }])
  }
  return file
}

/**
 * Reports misspelt variables, which would have no effect. Ignores other variables with the prefix: Kubernetes adds some, for
 * example.
 */
function misspelt(env: Environment): ConfigProblem[] {
  const known = [FILE_VARIABLE, ...SETTINGS.map(({ variable }) => variable)]
  return Object.keys(env).flatMap((name) => {
    const meant = name.startsWith('PINQL_') && !known.includes(name) ? nearly(name, known) : null
    return meant ? [{ key: name, source: 'environment', message: `unknown variable; did you mean ${meant}?` }] : []
  })
}

function nearly(name: string, known: readonly string[]): string | null {
  const bare = (text: string) => text.slice('PINQL_'.length)
  const meant = closest(bare(name), known.map(bare))
  return meant && `PINQL_${meant}`
}

function isEmptyMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
