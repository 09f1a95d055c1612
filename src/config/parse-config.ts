import { z } from 'zod'
import { show } from '../domain/errors.ts'
import { closest } from './closest.ts'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import type { Environment } from './config-file.ts'
import { resolveDataDir } from './data-dir.ts'
import { CONFIG_SCHEMA, type GatewayConfig, KUBO_SHAPE, SERVICE_SCHEMA, type ServiceConfig } from './gateway-config.ts'
import { readProxyVariables } from './proxy-variables.ts'
import { CAPABILITY_SHAPE, type CapabilitySettings, LIMIT_SCHEMA } from './service-overrides.ts'
import { splitList } from './setting.ts'
import { showAddress } from './show-address.ts'

/** Settings as a file or a program gives them. All are optional. */
export type ConfigInput = z.input<typeof CONFIG_SCHEMA>

/** Returns the source of the value at a path, such as `PINQL_PORT`. */
export type SourceOf = (path: readonly PropertyKey[]) => string | null

/**
 * Checks settings, fills in the defaults and freezes the result.
 *
 * @param input settings by key. Missing ones have their defaults.
 * @param options.sourceOf names the source of a value in error messages
 * @param options.problems problems found while `input` was gathered. They are reported together with all others.
 * @param options.cwd base of a relative `dataDir`. Default: the working directory.
 * @param options.env environment with the proxy variables. Default: none.
 * @throws {ConfigError} with every problem found. No message contains a token.
 */
export function parseConfig(
  input: ConfigInput | Readonly<Record<string, unknown>>,
  options: { sourceOf?: SourceOf; problems?: readonly ConfigProblem[]; cwd?: string; env?: Environment } = {},
): GatewayConfig {
  const { sourceOf = () => null, cwd = process.cwd() } = options
  const parsed = CONFIG_SCHEMA.safeParse(input)
  const proxyProblems: ConfigProblem[] = []
  const proxy = readProxyVariables(options.env ?? {}, proxyProblems)
  const dataDir = resolveDataDir(parsed.data?.dataDir ?? '.', cwd)
  const problems = [
    ...(options.problems ?? []),
    ...proxyProblems,
    ...(parsed.error?.issues ?? []).flatMap((issue) => problemsOf(issue, input, sourceOf)),
    ...serviceProblems(input.services, sourceOf),
    ...peerProblems(input, sourceOf),
    ...defaultServiceProblems(input.defaultService, input.services, sourceOf),
    ...(dataDir === null ? [dataDirProblem(input.dataDir, sourceOf)] : []),
  ]
  if (!parsed.success || dataDir === null || problems.length > 0) throw new ConfigError(firstOfEachKey(problems))

  const list: ServiceConfig[] = Object.entries(parsed.data.services).map(([name, service]) =>
    Object.freeze({
      name,
      provider: service.provider ?? null,
      endpoint: service.endpoint ?? null,
      token: service.token ?? null,
      ...(service.pinner && { kubo: Object.freeze(service.kubo ?? z.object(KUBO_SHAPE).parse({})) }),
      ...(service.dial && { dial: Object.freeze(service.dial) }),
      ...(service.limits && { limits: service.limits }),
      ...(service.sharesLimitsWith && { sharesLimitsWith: service.sharesLimitsWith }),
      ...(service.capabilities && { capabilities: service.capabilities as CapabilitySettings }),
    }),
  )
  const { announce, listen, ...settings } = parsed.data
  return Object.freeze({
    ...settings,
    ...(announce?.length && { announce: Object.freeze(announce) }),
    ...(listen?.length && { listen: Object.freeze(listen) }),
    corsOrigins: Object.freeze(parsed.data.corsOrigins),
    allowedHosts: Object.freeze(parsed.data.allowedHosts),
    trustProxy: Object.freeze(parsed.data.trustProxy),
    dataDir,
    services: Object.freeze(list),
    proxy,
    defaultService: parsed.data.defaultService ?? list[0]?.name ?? '',
  })
}

function problemsOf(issue: z.core.$ZodIssue, input: unknown, sourceOf: SourceOf): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(issue.path)
    return issue.keys.map((key) => {
      const path = [...issue.path, key]
      const meant = closest(key, known)
      const hint = meant ? `did you mean ${meant}?` : `expected one of ${known.join(', ')}`
      return { key: path.join('.'), source: sourceOf(path), message: `unknown key; ${hint}` }
    })
  }
  const isKey = issue.code === 'invalid_key'
  const expected = isKey ? issue.issues[0]?.message : issue.message
  const received = issue.path.reduce<unknown>(childOf, input)
  const isAddress = issue.path.at(-1) === 'endpoint' && typeof received === 'string'
  const address = isAddress ? showAddress(received) : null
  const what = isKey ? show(issue.path.at(-1)) : (address ?? shapeOf(received, issue.path[0] === 'services'))
  return [{ key: issue.path.join('.'), source: sourceOf(issue.path), message: `expected ${expected}, got ${what}` }]
}

/** Returns the known keys at a path. */
function keysAt([top, , part]: readonly PropertyKey[]): string[] {
  if (top !== 'services') return Object.keys(CONFIG_SCHEMA.shape)
  if (part === 'limits') return Object.keys(LIMIT_SCHEMA.shape)
  if (part === 'kubo') return Object.keys(KUBO_SHAPE)
  return Object.keys(part === 'capabilities' ? CAPABILITY_SHAPE : SERVICE_SCHEMA.shape)
}

/** Checks rules between keys, even when single fields are wrong, so that all problems are reported at once. */
function serviceProblems(services: unknown, sourceOf: SourceOf): ConfigProblem[] {
  if (!isRecord(services)) return []
  const problems: ConfigProblem[] = []
  const embedded: string[] = []
  for (const [name, service] of Object.entries(services)) {
    if (!isRecord(service)) continue
    const refuse = (key: string, message: string): void => {
      const path = ['services', name, key]
      if (service[key] !== undefined) problems.push({ key: path.join('.'), source: sourceOf(path), message })
    }
    const { sharesLimitsWith: other } = service
    const shared = typeof other === 'string' && other !== name ? services[other] : undefined
    if (other !== undefined && (!isRecord(shared) || shared.provider === 'embedded')) {
      refuse(
        'sharesLimitsWith',
        `expected the name of another service, which is not embedded, got ${shapeOf(other, true)}`,
      )
    }
    if (service.provider === 'embedded') {
      embedded.push(name)
      refuse('sharesLimitsWith', 'expected none for an embedded service')
      refuse('endpoint', 'expected none, since the gateway runs an embedded service itself')
      if (service.pinner === undefined) refuse('kubo', 'expected "pinner: kubo" beside it')
    } else for (const key of ['pinner', 'kubo', 'dial']) refuse(key, 'expected none but for an embedded service')
  }
  if (embedded.length > 1) {
    const message = `expected at most one embedded service, got ${embedded.join(', ')}`
    problems.push({ key: 'services', source: sourceOf(['services']), message })
  }
  return problems
}

/** Checks that the settings of the embedded service's peer have a peer. */
function peerProblems(
  { services, ...input }: ConfigInput | Readonly<Record<string, unknown>>,
  sourceOf: SourceOf,
): ConfigProblem[] {
  const embedded = isRecord(services)
    ? Object.values(services).find((service) => isRecord(service) && service.provider === 'embedded')
    : { provider: 'embedded' }
  const hasPeer = { announce: isRecord(embedded), listen: isRecord(embedded) && embedded.pinner === undefined }
  return (['announce', 'listen'] as const).flatMap((key) => {
    const value = (input as Record<string, unknown>)[key]
    if (value === undefined || hasPeer[key] || (Array.isArray(value) && value.length === 0)) return []
    const message = isRecord(embedded)
      ? 'expected none beside "pinner: kubo", whose daemon listens by its own configuration'
      : 'expected none without an embedded service'
    return [{ key, source: sourceOf([key]), message }]
  })
}

function dataDirProblem(dataDir: unknown, sourceOf: SourceOf): ConfigProblem {
  const message = `expected a path, which may begin with "~/" or "$HOME/", got ${shapeOf(dataDir, false)}`
  return { key: 'dataDir', source: sourceOf(['dataDir']), message }
}

function defaultServiceProblems(name: unknown, services: unknown, sourceOf: SourceOf): ConfigProblem[] {
  const names = isRecord(services) ? Object.keys(services) : ['local']
  if (names.length === 0) {
    return [{ key: 'services', source: sourceOf(['services']), message: 'expected at least one service, got none' }]
  }
  const isGood = name === undefined ? names.length === 1 : names.includes(String(name))
  if (isGood) return []
  const message = `expected one of ${names.join(', ')}, got ${shapeOf(name, false)}`
  return [{ key: 'defaultService', source: sourceOf(['defaultService']), message }]
}

/** Describes a received value. Below `services` it describes only the type: the value may be a token, even under a wrong key. */
function shapeOf(value: unknown, isSecret: boolean): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'string') return isSecret ? `a text of ${value.length} characters` : show(value)
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'a map'
  return isSecret ? `a ${typeof value}` : show(value)
}

function childOf(value: unknown, key: PropertyKey): unknown {
  // A list may be given as one text.
  if (typeof value === 'string' && typeof key === 'number') return splitList(value)[key]
  return typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function firstOfEachKey(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.filter(({ key }, index) => problems.findIndex((other) => other.key === key) === index)
}
