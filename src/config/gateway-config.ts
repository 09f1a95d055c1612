import { z } from 'zod'
import { normaliseEndpoint } from './endpoint.ts'
import { FRONT_SETTINGS } from './front-settings.ts'
import { LIVE_SETTINGS } from './live-settings.ts'
import { OPERATION_SETTINGS } from './operation-settings.ts'
import { normaliseOriginRule } from './origin-rule.ts'
import { ANNOUNCED_WORDS, announcedAddress, LISTEN_WORDS, listenAddress, MAX_ANNOUNCED } from './peer-address.ts'
import { CAPABILITIES_SCHEMA, type CapabilitySettings, LIMITS_SCHEMA } from './service-overrides.ts'
import { milliseconds, numberSetting, setting, splitList } from './setting.ts'

/** One upstream service by its configured name. */
export interface ServiceConfig {
  /** Lower-case letters, digits and dashes. */
  readonly name: string
  /** `embedded`: the gateway runs the service itself. Else a known provider, as `startGateway` checks. Null when not given. */
  readonly provider: string | null
  /** Base URL without a trailing slash. Null for the provider's URL, and for the embedded service. */
  readonly endpoint: string | null
  /** Token for requests of callers without a token of their own. Null when there is none. */
  readonly token: string | null
  /** The Kubo daemon that keeps the content of the embedded service. Absent when the service does so itself. */
  readonly kubo?: { readonly endpoint: string; readonly token: string | null }
  /** Ranges in which the embedded service may dial origins. Absent when not given. */
  readonly dial?: readonly ('public' | 'private' | 'loopback')[]
  /** Limits that replace those of the provider. Absent when not given. */
  readonly limits?: Readonly<NonNullable<z.output<typeof LIMITS_SCHEMA>>>
  /** Name of another service with which it shares its limits. Absent when not given. */
  readonly sharesLimitsWith?: string
  /** Capabilities in which the service differs from its provider. Absent when not given. */
  readonly capabilities?: CapabilitySettings
}

/** The whole configuration of the gateway: complete, checked and frozen. */
export type GatewayConfig = Readonly<Omit<z.output<typeof CONFIG_SCHEMA>, keyof Lists | 'defaultService'>> &
  Lists & { readonly defaultService: string; readonly proxy: ProxyConfig }

/** HTTP proxies for requests to services, from the usual variables: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`. */
export interface ProxyConfig {
  readonly httpProxy?: string
  readonly httpsProxy?: string
  /** Hosts that are reached without a proxy, separated by commas. Loopback always is. */
  readonly noProxy: string
}

interface Lists {
  readonly services: readonly ServiceConfig[]
  readonly corsOrigins: readonly string[]
  readonly allowedHosts: readonly string[]
  /** Absent when not given. */
  readonly announce?: readonly string[]
  /** Absent when not given. */
  readonly listen?: readonly string[]
  readonly trustProxy: number | readonly string[]
}

const SERVICE_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/
/** Levels of the log, from the least severe one. `silent` logs nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

const URL_WORDS = 'an http or https URL without user, query and fragment'
const TOKEN_WORDS = 'a token of printable characters without spaces, and without the word "Bearer"'

/** The keys of the setting `kubo`. */
export const KUBO_SHAPE = {
  endpoint: baseUrl(URL_WORDS).default('http://127.0.0.1:5001'),
  token: tokenText(TOKEN_WORDS).nullable().default(null),
}

/** The keys of one service. */
export const SERVICE_SCHEMA = z.strictObject(
  {
    provider: setting(
      '"embedded" or the name of a provider',
      '`embedded`: the gateway runs this service itself and keeps its pins in `dataDir`. Or the name of a known provider, ' +
        'which sets limits and capabilities; see below. Default: the known provider at the host of `endpoint`, or of the same name as the service.',
      (expected) => z.string(expected).regex(SERVICE_NAME, expected).optional(),
    ),
    endpoint: setting(
      URL_WORDS,
      'Base URL of the service. A trailing slash and a pasted `/pins` are dropped. Default: that of the known provider.',
      (expected) => baseUrl(expected).optional(),
    ),
    token: setting(
      TOKEN_WORDS,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what the operator writes into the file.
      'Access token for callers without a token of their own. Best given as `${NAME}`, the value of an environment variable. For ' +
        'the embedded service: the token that it accepts, in place of a generated one. Pins belong to the token that added them.',
      (expected) => tokenText(expected).optional(),
    ),
    pinner: setting(
      '"kubo"',
      'For the embedded service: the program that fetches and keeps the content of pins. `kubo`: a Kubo daemon, by its RPC API. ' +
        'Default: the service itself.',
      (expected) => z.literal('kubo', expected).optional(),
    ),
    kubo: setting(
      'a map of endpoint and token',
      'Endpoint of that daemon, by default `http://127.0.0.1:5001`, and a secret of its `API.Authorizations`, if it has any: a bearer ' +
        'token, or `bearer:TOKEN` and `basic:USER:PASSWORD`, as Kubo writes them.',
      (expected) => z.strictObject(KUBO_SHAPE, { error: expected }).optional(),
    ),
    dial: setting(
      'a list of public, private and loopback',
      'For the embedded service: ranges in which it may dial origins. Default: all ranges while only this machine reaches the ' +
        'gateway, that is while `host` is loopback, `allowedHosts` has no other name, and `trustProxy` is off. Otherwise: public.',
      (expected) => z.array(z.enum(['public', 'private', 'loopback'], expected), expected).optional(),
    ),
    limits: LIMITS_SCHEMA,
    sharesLimitsWith: setting(
      'the name of another service, which is not embedded',
      'Another service whose requests are counted together with those of this one, under the limits of both. Services with the same ' +
        'host and port, or of a provider that publishes its limits, share them anyway. Needed when one provider has two host names.',
      (expected) => z.string(expected).optional(),
    ),
    capabilities: CAPABILITIES_SCHEMA,
  },
  { error: 'a map of provider, endpoint, token, pinner, kubo, dial, limits, sharesLimitsWith and capabilities' },
)

/** The only description of the configuration: keys, types, limits, defaults and their texts. */
export const CONFIG_SCHEMA = z.strictObject(
  {
    host: setting('a host name or IP address', 'Address to listen on.', (expected) =>
      z.string(expected).min(1, expected).default('127.0.0.1'),
    ),
    port: numberSetting('TCP port to listen on; 0 picks a free one.', { min: 0, max: 65_535, fallback: 4000 }),
    dataDir: setting(
      'a path',
      'Directory of stored data: pins, blocks and keys of the embedded service, and records of changes.',
      (expected) => z.string(expected).min(1, expected).default('.pinql'),
    ),
    announce: setting(
      `a list of at most ${MAX_ANNOUNCED} addresses, each ${ANNOUNCED_WORDS}`,
      'For the embedded service: addresses of its peer that it gives to clients as `delegates`, such as those of a router in front of it. The id of ' +
        'the peer is appended. Default: those that the peer finds out by itself, without loopback and private ones wherever there are better ones.',
      (expected) =>
        list(expected, announcedAddress)
          .refine((addresses) => addresses.length <= MAX_ANNOUNCED, expected)
          .optional(),
    ),
    listen: setting(
      `a list of addresses, each ${LISTEN_WORDS}`,
      'For the embedded service: where its libp2p peer listens. Beyond loopback, everybody who reaches it can read the blocks it has, and ' +
        'only public origins are dialled unless `dial` names others. Default: any port on loopback.',
      (expected) => list(expected, listenAddress).optional(),
    ),
    services: setting('a map from service names to services', 'The pinning services, by name. See below.', (expected) =>
      z
        .record(
          z.string().regex(SERVICE_NAME, 'a name of lower-case letters, digits and dashes, at most 63'),
          SERVICE_SCHEMA,
          expected,
        )
        .default({ local: { provider: 'embedded' } }),
    ),
    defaultService: setting(
      'the name of a configured service',
      'The service of requests that name none. Required when there are several services.',
      (expected) => z.string(expected).optional(),
    ),
    logLevel: setting(`one of ${LOG_LEVELS.join(', ')}`, 'Least severe level that is logged.', (expected) =>
      z.enum(LOG_LEVELS, expected).default('info'),
    ),
    corsOrigins: setting(
      'a list of origins such as https://app.example.com or https://*.example.com, or "loopback", "null" or "*"',
      'Web pages that may call the gateway from a browser: origins, `loopback` (localhost on any port), or `*`. `*.` stands for all ' +
        'names below a host, at any depth. Apps and extensions have origins of their own schemes; `null` is that of pages in sandboxes ' +
        'and in files.',
      (expected) => list(expected, normaliseOriginRule).default(['loopback']),
    ),
    allowedHosts: setting(
      'a list of host names without scheme and port, or "*"',
      'Host names that the gateway answers to, besides loopback ones. `*` for all. Checked when names are given, and while the ' +
        'gateway listens on loopback, which protects it against DNS rebinding by other web sites. A reverse proxy must pass on ' +
        'the public host name, and needs it here: requests that came through any other proxy are refused while the gateway ' +
        'listens on loopback.',
      (expected) => list(expected, normaliseHostRule).default([]),
    ),
    requestTimeoutMs: milliseconds(
      'Milliseconds that a query or mutation may take. Then it is aborted. Reads wait for the limits of their service within ' +
        'this time, and are refused with `RATE_LIMITED` before its end. A change that was already sent is still completed, ' +
        'so that its outcome is known. This takes up to 25 s more.',
      { fallback: 30_000 },
    ),
    maxRequestBytes: numberSetting('Largest request body in bytes.', {
      min: 1_024,
      max: 100_000_000,
      unit: 'bytes',
      fallback: 1_000_000,
    }),
    shutdownTimeoutMs: numberSetting('Milliseconds that requests in flight get to finish after SIGINT or SIGTERM.', {
      min: 0,
      max: 60_000,
      unit: 'milliseconds',
      fallback: 5_000,
    }),
    ...FRONT_SETTINGS,
    ...OPERATION_SETTINGS,
    ...LIVE_SETTINGS,
  },
  { error: 'a map of settings' },
)

/** A key at the top of the configuration. */
export type SettingKey = keyof z.output<typeof CONFIG_SCHEMA>

/** Returns the texts about a setting for docs/configuration.md and `pinql serve --help`. */
export function describeSetting(schema: z.ZodType): { description: string; expects: string; fallback: unknown } {
  const meta = z.globalRegistry.get(schema) as { description: string; expects: string }
  return { description: meta.description, expects: meta.expects, fallback: schema.safeParse(undefined).data }
}

function baseUrl(expected: string) {
  return z
    .string(expected)
    .refine((text) => normaliseEndpoint(text) !== null, expected)
    .transform((text) => normaliseEndpoint(text) ?? text)
}

function tokenText(expected: string) {
  return z.string(expected).regex(/^[\x21-\x7e]+$/, expected)
}

/** @param normalise returns null for an entry that is not as expected */
function list(expected: string, normalise: (text: string) => string | null) {
  const entry = z
    .string(expected)
    .refine((text) => normalise(text) !== null, expected)
    .transform((text) => normalise(text) ?? text)
  return z.preprocess((value) => (typeof value === 'string' ? splitList(value) : value), z.array(entry, expected))
}

/** A host name is compared without the dot that may end it. */
function normaliseHostRule(text: string): string | null {
  return /^(?:\*|[\w.-]+|\[[\da-f:.]+\])$/i.test(text) ? text.replace(/\.$/, '') : null
}
