// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the file.
import { mkdtemp, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/config/config-error.ts'
import { foreignVariables, loadConfig } from '../../../src/config/load-config.ts'

const SECRET = 'k7Zq-very-secret-4711'
let cwd: string

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'pinql-config-'))
})

const writeConfig = (text: string, name = 'pinql.config.yaml') => writeFile(join(cwd, name), text)

async function problemsOf(sources: Parameters<typeof loadConfig>[0]) {
  const error = await loadConfig({ env: {}, cwd, ...sources }).then(
    () => expect.unreachable('the configuration was accepted'),
    (caught: unknown) => caught,
  )
  if (!(error instanceof ConfigError)) throw error
  expect(error.message).not.toContain(SECRET)
  return error.problems.map(
    ({ key, source, message }) => `${key} (${source?.replace(`${cwd}/`, '') ?? 'nowhere'}): ${message}`,
  )
}

describe('loadConfig', () => {
  it('runs one embedded service on loopback when nothing is configured', async () => {
    expect(await loadConfig({ env: {}, cwd })).toEqual({
      host: '127.0.0.1',
      port: 4000,
      dataDir: join(cwd, '.pinql'),
      services: [{ name: 'local', provider: 'embedded', endpoint: null, token: null }],
      defaultService: 'local',
      logLevel: 'info',
      corsOrigins: ['loopback'],
      allowedHosts: [],
      requestTimeoutMs: 30_000,
      maxRequestBytes: 1_000_000,
      maxDocumentBytes: 65_536,
      maxOperationDepth: 25,
      maxOperationRequests: 2_500,
      maxOperationFields: 250_000,
      maxAnswerBytes: 32_000_000,
      shutdownTimeoutMs: 5_000,
      allowAnonymous: false,
      trustProxy: [],
      headersTimeoutMs: 10_000,
      receiveTimeoutMs: 30_000,
      maxHttpConnections: 5_000,
      maxHttpConnectionsPerAddress: 1_000,
      maxSockets: 50_000,
      maxSocketsPerAddress: 10_000,
      maxSocketsPerTenant: 20_000,
      maxOperationsPerSocket: 100,
      maxOperationsPerTenant: 100_000,
      maxOperationsPerAddress: 100_000,
      maxStartsPerSocket: 100,
      maxStartsPerTenant: 5_000,
      maxStartsPerAddress: 5_000,
      maxMessageBytes: 65_536,
      livePingMs: 12_000,
      liveStallMs: 30_000,
      liveDrainMs: 8_000,
      proxy: { noProxy: '' },
    })
  })

  it('takes proxies from the usual variables, and never uses one for loopback', async () => {
    const env = {
      https_proxy: 'http://a:1',
      HTTPS_PROXY: 'http://b:1',
      HTTP_PROXY: 'http://c:1',
      NO_PROXY: '.internal',
    }
    expect((await loadConfig({ env, cwd })).proxy).toEqual({
      httpsProxy: 'http://a:1',
      httpProxy: 'http://c:1',
      noProxy: '.internal',
    })
    expect((await loadConfig({ env: { ...env, no_proxy: '.internal, *' }, cwd })).proxy).toEqual({ noProxy: '*' })
    const bare = { HTTP_PROXY: 'proxy.example:3128', HTTPS_PROXY: 'u:p@10.0.0.1:3128' }
    expect((await loadConfig({ env: bare, cwd })).proxy).toMatchObject({
      httpProxy: 'http://proxy.example:3128',
      httpsProxy: 'http://u:p@10.0.0.1:3128',
    })
  })

  it('names a variable that is no address of a proxy, and does not show it', async () => {
    const env = { HTTPS_PROXY: 'socks5://user:secret@a:1', http_proxy: 'http://[' }
    expect(await problemsOf({ env })).toEqual([
      'http_proxy (environment): expected an http or https URL of a proxy, got a text of 8 characters',
      'HTTPS_PROXY (environment): expected an http or https URL of a proxy, got a text of 24 characters',
    ])
  })

  it('finds the home of the user in dataDir, as a shell does', async () => {
    const dirOf = async (dataDir: string) => (await loadConfig({ flags: { dataDir }, env: {}, cwd })).dataDir
    for (const given of ['~/pins', '$HOME/pins', '${HOME}/pins'])
      expect(await dirOf(given)).toBe(join(homedir(), 'pins'))
    expect(await dirOf('~')).toBe(homedir())
    expect(await dirOf('a~b/$c')).toBe(join(cwd, 'a~b/$c'))
    for (const given of ['~other/pins', '$PINS', '$HOMES/pins'])
      expect(await problemsOf({ flags: { dataDir: given } })).toEqual([
        `dataDir (--data-dir): expected a path, which may begin with "~/" or "$HOME/", got "${given}"`,
      ])
  })

  it('replaces variables in the file as a shell does', async () => {
    await writeConfig('host: "${A:-a}${B:-b}${C:?it is needed}$${D}"\nlogLevel: ${E:-warn}\n')
    expect(await loadConfig({ env: { A: '1', B: '', C: '3' }, cwd })).toMatchObject({
      host: '1b3${D}',
      logLevel: 'warn',
    })
    expect(await problemsOf({ env: { A: '1' } })).toEqual([
      'host (pinql.config.yaml, line 1): expected the environment variable C to be set (it is needed), got nothing',
    ])
  })

  it.each(['${', '${}', '${A', '${A-b}', '${A:+b}', '${A B}', '${A:-${B}}', '${1.A}'])(
    'stops at a variable in a form that it does not know: %s',
    async (text) => {
      await writeConfig(`host: '${text}'`)
      expect(await problemsOf({ env: { A: 'a', B: 'b' } })).toEqual([
        'host (pinql.config.yaml, line 1): expected "${NAME}", "${NAME:-value}" or "${NAME:?words}", or "$${" for the signs themselves, got another "${"',
      ])
    },
  )

  it('lets flags win over the environment, and the environment over the file', async () => {
    await writeConfig('host: file\nport: 1\nlogLevel: warn\n')
    const env = { PINQL_HOST: 'env', PINQL_PORT: '2' }
    expect(await loadConfig({ flags: { host: 'flag' }, env, cwd })).toMatchObject({
      host: 'flag',
      port: 2,
      logLevel: 'warn',
    })
  })

  it('takes an empty variable for one that is not set', async () => {
    expect(await loadConfig({ env: { PINQL_PORT: '', PINQL_CONFIG: '' }, cwd })).toMatchObject({ port: 4000 })
  })

  it('reads services from the file, with tokens from the environment', async () => {
    await writeConfig(`
      services:
        filebase:
          provider: filebase
          endpoint: https://api.filebase.io/v1/ipfs/pins/
          token: \${FILEBASE_TOKEN}
        local: { provider: embedded }
      defaultService: filebase
    `)
    const config = await loadConfig({ env: { FILEBASE_TOKEN: SECRET }, cwd })
    expect(config.defaultService).toBe('filebase')
    expect(config.services).toEqual([
      { name: 'filebase', provider: 'filebase', endpoint: 'https://api.filebase.io/v1/ipfs', token: SECRET },
      { name: 'local', provider: 'embedded', endpoint: null, token: null },
    ])
  })

  it('freezes what it returns, down to each service', async () => {
    const config = await loadConfig({ env: {}, cwd })
    for (const value of [config, config.services, config.services[0], config.corsOrigins, config.allowedHosts]) {
      expect(Object.isFrozen(value)).toBe(true)
    }
  })

  it('reads another file when PINQL_CONFIG or --config names one', async () => {
    await writeConfig('port: 5', 'other.yaml')
    expect(await loadConfig({ env: { PINQL_CONFIG: 'other.yaml' }, cwd })).toMatchObject({ port: 5 })
    expect(await loadConfig({ flags: { config: join(cwd, 'other.yaml') }, env: {}, cwd })).toMatchObject({ port: 5 })
  })

  it('splits lists given as text', async () => {
    const env = { PINQL_CORS_ORIGINS: 'https://a.example, https://b.example' }
    expect(await loadConfig({ env, cwd })).toMatchObject({ corsOrigins: ['https://a.example', 'https://b.example'] })
  })

  it.each(['PINQL_PORT_4000_TCP', 'PINQL_SERVICE_HOST', 'PINQL_FILEBASE_TOKEN'])(
    'leaves a foreign variable such as %s alone',
    async (name) => {
      expect(await loadConfig({ env: { [name]: 'x' }, cwd })).toMatchObject({ port: 4000 })
    },
  )
})

it.each(['tcp://10.0.0.7:4000', 'udp://10.0.0.7:53'])(
  'leaves PINQL_PORT=%s alone, which Kubernetes sets for a service',
  async (value) => {
    const env = { PINQL_PORT: value, PINQL_PORT_4000_TCP: value, PINQL_SERVICE_PORT: '4000', PINQL_HOST: '::1' }
    expect(await loadConfig({ env, cwd })).toMatchObject({ port: 4000, host: '::1' })
    expect(foreignVariables(env)).toEqual(['PINQL_PORT'])
    expect(await problemsOf({ env: { PINQL_PORT: 'http://10.0.0.7' } })).toHaveLength(1)
  },
)

describe('a configuration that cannot be used', () => {
  it('is refused with every problem at once, each with its key, its source, what was expected and what came', async () => {
    await writeConfig(`
logLevel: loud
corsOrigins: [https://app.example/path]
services:
  Filebase:
    endpoint: https://example.com
  pinata:
    endpoint: ${SECRET}
    token: Bearer ${SECRET}
    tokne: ${SECRET}
  crust: ${SECRET}
  kubo:
    token: \${KUBO_TOKEN}
  one: { provider: embedded, endpoint: "http://127.0.0.1" }
  two: { provider: embedded }
defaultSrevice: pinata
`)
    const problems = await problemsOf({ flags: { host: '' }, env: { PINQL_PORT: '70000', PINQL_PROT: '1' } })
    expect(problems.toSorted()).toEqual(
      [
        'PINQL_PROT (environment): unknown variable; did you mean PINQL_PORT?',
        'host (--host): expected a host name or IP address, got ""',
        'port (PINQL_PORT): expected a whole number from 0 to 65535, got "70000"',
        'logLevel (pinql.config.yaml, line 2): expected one of trace, debug, info, warn, error, fatal, silent, got "loud"',
        'corsOrigins.0 (pinql.config.yaml, line 3): expected a list of origins such as https://app.example.com or https://*.example.com, or "loopback", "null" or "*", got "https://app.example/path"',
        'services.Filebase (pinql.config.yaml, line 6): expected a name of lower-case letters, digits and dashes, at most 63, got "Filebase"',
        'services.pinata.endpoint (pinql.config.yaml, line 8): expected an http or https URL without user, query and fragment, got a text of 21 characters',
        'services.pinata.token (pinql.config.yaml, line 9): expected a token of printable characters without spaces, and without the word "Bearer", got a text of 28 characters',
        'services.pinata.tokne (pinql.config.yaml, line 10): unknown key; did you mean token?',
        'services.crust (pinql.config.yaml, line 11): expected a map of provider, endpoint, token, pinner, kubo, dial, limits, sharesLimitsWith and capabilities, got a text of 21 characters',
        'services.kubo.token (pinql.config.yaml, line 13): expected the environment variable KUBO_TOKEN to be set, got nothing',
        'services.one.endpoint (pinql.config.yaml, line 14): expected none, since the gateway runs an embedded service itself',
        'services (pinql.config.yaml, line 5): expected at most one embedded service, got one, two',
        'defaultService (nowhere): expected one of Filebase, pinata, crust, kubo, one, two, got nothing',
        'defaultSrevice (pinql.config.yaml, line 16): unknown key; did you mean defaultService?',
      ].toSorted(),
    )
  })

  it.each([
    [
      'services: {',
      'pinql.config.yaml, line 1 (nowhere): expected YAML, got a line that is indented too little or too much, or a bracket',
    ],
    ['a: 1\nb:\n\tc: 1', 'pinql.config.yaml, line 3 (nowhere): expected YAML, got a tab at the beginning of a line'],
    ['port: 1\nport: 2', 'pinql.config.yaml, line 2 (nowhere): expected YAML, got a key that the map has already'],
    [`token: ${SECRET}: ${SECRET}`, 'pinql.config.yaml, line 1 (nowhere): expected YAML, got'],
    ['- port: 1', 'pinql.config.yaml (nowhere): expected a map of settings'],
  ])('is refused when the file holds %j, without quoting it', async (text, expected) => {
    await writeConfig(text)
    const [first = ''] = await problemsOf({})
    expect(first.replace(`${cwd}/`, '')).toContain(expected)
  })

  it('shows an address that cannot be used, without secrets', async () => {
    await writeConfig(
      `services:\n  a: { endpoint: api.a.example/psa }\n  b: { endpoint: "https://u:${SECRET}@b.example" }`,
    )
    expect((await problemsOf({})).slice(0, 2)).toEqual([
      'services.a.endpoint (pinql.config.yaml, line 2): expected an http or https URL without user, query and fragment, got "api.a.example/psa"',
      'services.b.endpoint (pinql.config.yaml, line 3): expected an http or https URL without user, query and fragment, got "https://…@b.example"',
    ])
  })

  it('is refused when a file is named that is not there', async () => {
    expect(await problemsOf({ env: { PINQL_CONFIG: 'none.yaml' } })).toEqual([
      `${join(cwd, 'none.yaml')} (nowhere): expected a configuration file, got nothing there`,
    ])
  })

  it('is refused when defaultService is unknown', async () => {
    expect(await problemsOf({ env: { PINQL_DEFAULT_SERVICE: 'filebase' } })).toEqual([
      'defaultService (PINQL_DEFAULT_SERVICE): expected one of local, got "filebase"',
    ])
  })
})

it('takes origins in the form in which browsers send them', async () => {
  const given = {
    'https://A.example/': 'https://a.example',
    'HTTPS://b.example:443': 'https://b.example',
    'http://c.example:80/': 'http://c.example',
    'https://d.example:8443': 'https://d.example:8443',
    'https://*.E.example/': 'https://*.e.example',
    'chrome-extension://abcdef/': 'chrome-extension://abcdef',
    'moz-extension://0a1b-2c': 'moz-extension://0a1b-2c',
    'capacitor://localhost': 'capacitor://localhost',
    'app://obsidian.md': 'app://obsidian.md',
    null: 'null',
    '*': '*',
  }
  const flags = { corsOrigins: Object.keys(given).join(',') }
  expect((await loadConfig({ flags, env: {}, cwd })).corsOrigins).toEqual(Object.values(given))
})

it.each([
  'https://*',
  'https://a.*.example',
  'https://*a.example',
  '*.example',
  'a.example',
  'https://u@a.example',
  'https://a.example/?x',
  'chrome-extension://',
])('shows the wrong item of a list that came as text: %s', async (origin) => {
  expect(await problemsOf({ flags: { corsOrigins: `https://b.example, ${origin}` } })).toEqual([
    `corsOrigins.1 (--cors-origins): expected a list of origins such as https://app.example.com or https://*.example.com, or "loopback", "null" or "*", got "${origin}"`,
  ])
})

it('takes host names with the dot that may end them', async () => {
  const config = await loadConfig({ flags: { allowedHosts: 'a.example.,b.example' }, env: {}, cwd })
  expect(config.allowedHosts).toEqual(['a.example', 'b.example'])
})
