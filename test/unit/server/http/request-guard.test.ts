import type { IncomingHttpHeaders } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createRequestGuard } from '../../../../src/server/http/request-guard.ts'

const LOOPBACK = { host: '127.0.0.1', allowedHosts: [], trustProxy: [], corsOrigins: ['loopback'] }

function codeOf(config: typeof LOOPBACK | object, headers: IncomingHttpHeaders, method = 'GET') {
  const guard = createRequestGuard({ ...LOOPBACK, ...config })
  return guard.refusalOf({ method, headers })?.code ?? null
}

const asPost = { host: 'localhost:4000', 'content-type': 'application/json' }

describe('the Host header', () => {
  it.each(['localhost', 'LOCALHOST:4000', '127.0.0.1:4000', '127.8.8.8', '[::1]:4000', 'app.localhost:4000'])(
    'may be %s on loopback',
    (host) => {
      expect(codeOf({}, { host })).toBeNull()
    },
  )

  it.each([
    'evil.example',
    'evil.example:4000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '',
    '[::2]',
  ])('may not be %j on loopback, lest an attacker points a name of theirs here', (host) => {
    expect(codeOf({}, { host })).toBe('FORBIDDEN_HOST')
  })

  it('may be missing nowhere but where any is allowed', () => {
    expect(codeOf({}, {})).toBe('FORBIDDEN_HOST')
    expect(codeOf({ allowedHosts: ['*'] }, {})).toBeNull()
  })

  it('may be any when bound beyond loopback, unless names are given', () => {
    expect(codeOf({ host: '0.0.0.0' }, { host: 'pins.example' })).toBeNull()
    expect(codeOf({ host: '0.0.0.0', allowedHosts: ['pins.example'] }, { host: 'Pins.Example:443' })).toBeNull()
    expect(codeOf({ host: '0.0.0.0', allowedHosts: ['pins.example'] }, { host: 'other.example' })).toBe(
      'FORBIDDEN_HOST',
    )
  })
})

it('leaves the host name out where it is told to, but not where the page is from', () => {
  const guard = createRequestGuard({ ...LOOPBACK, allowedHosts: ['pins.example'] })
  const headers = { host: '10.0.0.1:4000' }
  expect(guard.refusalOf({ headers })?.code).toBe('FORBIDDEN_HOST')
  expect(guard.refusalOf({ headers }, { anyHost: true })).toBeNull()
  const origin = 'https://evil.example'
  expect(guard.refusalOf({ headers: { ...headers, origin } }, { anyHost: true })?.code).toBe('FORBIDDEN_ORIGIN')
})

it('refuses a host name in whatever order it comes with others', () => {
  const guard = createRequestGuard(LOOPBACK)
  const evil = { headers: { host: 'evil.example' } }
  const own = { headers: { host: 'localhost:4000' } }
  expect(guard.refusalOf(evil, { anyHost: true })).toBeNull()
  expect(guard.refusalOf(evil)?.code).toBe('FORBIDDEN_HOST')
  expect(guard.refusalOf(own)).toBeNull()
  expect(guard.refusalOf(own)).toBeNull()
  expect(guard.refusalOf(evil)?.code).toBe('FORBIDDEN_HOST')
})

describe('a page in a browser', () => {
  it.each([
    ['GraphiQL itself', {}, { ...asPost, origin: 'http://localhost:4000', 'sec-fetch-site': 'same-origin' }],
    [
      'a page on another loopback port',
      {},
      { ...asPost, origin: 'http://127.0.0.1:5173', 'sec-fetch-site': 'cross-site' },
    ],
    ['a page of an allowed origin', { corsOrigins: ['https://a.example'] }, { ...asPost, origin: 'https://a.example' }],
    ['any page where all are allowed', { corsOrigins: ['*'] }, { ...asPost, origin: 'null' }],
    [
      'an extension that is allowed',
      { corsOrigins: ['chrome-extension://abc'] },
      { ...asPost, origin: 'chrome-extension://abc' },
    ],
    [
      'an app that is allowed',
      { corsOrigins: ['capacitor://localhost'] },
      { ...asPost, origin: 'capacitor://localhost' },
    ],
    ['in a sandbox, where these are allowed', { corsOrigins: ['null'] }, { ...asPost, origin: 'null' }],
    ['below an allowed host', { corsOrigins: ['https://*.a.example'] }, { ...asPost, origin: 'https://b.a.example' }],
    [
      'far below an allowed host',
      { corsOrigins: ['https://*.a.example'] },
      { ...asPost, origin: 'https://d.c.b.a.example' },
    ],
    [
      'its own page, with the port in Host',
      { allowedHosts: ['p.example'] },
      { ...asPost, host: 'p.example:443', origin: 'https://p.example' },
    ],
    [
      'its own page, with a dot in Host',
      { allowedHosts: ['p.example'] },
      { ...asPost, host: 'P.example.:443', origin: 'https://p.example' },
    ],
    [
      'its own page, with a dot in Origin',
      { allowedHosts: ['p.example'] },
      { ...asPost, host: 'p.example:8443', origin: 'https://p.example.:8443' },
    ],
    [
      'its own page behind a proxy',
      { allowedHosts: ['p.example'] },
      { ...asPost, host: 'p.example', origin: 'https://p.example' },
    ],
  ])('is served when it is %s', (_, config, headers) => {
    expect(codeOf(config, headers, 'POST')).toBeNull()
  })

  it.each([
    ['of another site', {}, { ...asPost, origin: 'https://evil.example' }],
    ['in a sandbox or a file', {}, { ...asPost, origin: 'null' }],
    ['of a name that starts like loopback', {}, { ...asPost, origin: 'http://localhost.evil.example' }],
    [
      'of the allowed site on another port',
      { corsOrigins: ['https://a.example'] },
      { ...asPost, origin: 'https://a.example:8443' },
    ],
    ['another extension', { corsOrigins: ['chrome-extension://abc'] }, { ...asPost, origin: 'chrome-extension://abd' }],
    [
      'the host above allowed ones',
      { corsOrigins: ['https://*.a.example'] },
      { ...asPost, origin: 'https://a.example' },
    ],
    [
      'a host that ends like allowed ones',
      { corsOrigins: ['https://*.a.example'] },
      { ...asPost, origin: 'https://ba.example' },
    ],
    [
      'below an allowed host, without TLS',
      { corsOrigins: ['https://*.a.example'] },
      { ...asPost, origin: 'http://b.a.example' },
    ],
    [
      'below an allowed host, on another port',
      { corsOrigins: ['https://*.a.example'] },
      { ...asPost, origin: 'https://b.a.example:1' },
    ],
    [
      'of a name that has an allowed one in it',
      { corsOrigins: ['https://*.a.example'] },
      { ...asPost, origin: 'https://evil.example/.a.example' },
    ],
    [
      'of its host on another port',
      { allowedHosts: ['p.example'] },
      { ...asPost, host: 'p.example:80', origin: 'https://p.example' },
    ],
    [
      'on loopback where only one site is allowed',
      { corsOrigins: ['https://a.example'] },
      { ...asPost, origin: 'http://localhost:1' },
    ],
  ])('is refused when it is %s', (_, config, headers) => {
    expect(codeOf(config, headers, 'POST')).toBe('FORBIDDEN_ORIGIN')
  })

  it.each(['cross-site', 'same-site'])('of another site (%s) cannot send a query as an image or a frame', (site) => {
    const headers = { host: 'localhost:4000', 'sec-fetch-site': site }
    expect(codeOf({}, { ...headers, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' })).toBe('FORBIDDEN_ORIGIN')
    expect(codeOf({}, { ...headers, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' })).toBe(
      'FORBIDDEN_ORIGIN',
    )
  })

  it('may be reached by a link from another site', () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect(codeOf({}, { host: 'localhost:4000', ...headers })).toBeNull()
  })
})

describe('a proxy in front', () => {
  const signs = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip']

  it.each(signs)('is refused while only this machine should reach the gateway: %s', (sign) => {
    const headers = { host: '127.0.0.1:4000', [sign]: '1.2.3.4' }
    expect(codeOf({}, headers)).toBe('FORBIDDEN_PROXY')
    expect(codeOf({ allowedHosts: ['localhost'] }, headers)).toBe('FORBIDDEN_PROXY')
    const guard = createRequestGuard(LOOPBACK)
    expect(guard.refusalOf({ headers })?.message).toContain(`${sign}. To serve through a proxy, set allowedHosts`)
    expect(guard.refusalOf({ headers }, { anyHost: true })).toBeNull()
  })

  it.each([{ host: '0.0.0.0' }, { allowedHosts: ['p.example'] }, { trustProxy: 1 }, { trustProxy: ['10.0.0.1'] }])(
    'is served where the settings say so: %j',
    (config) => {
      for (const sign of signs)
        expect(codeOf(config, { host: 'localhost', [sign]: '1.2.3.4' })).toBe(codeOf(config, { host: 'localhost' }))
    },
  )
})

it.each([
  ['127.0.0.1', {}, null],
  ['::1', {}, null],
  ['::ffff:127.0.0.1', {}, null],
  [undefined, {}, null],
  ['192.168.1.9', {}, 'FORBIDDEN_HOST'],
  ['::ffff:203.0.113.9', {}, 'FORBIDDEN_HOST'],
  ['2001:db8::1', { allowedHosts: ['localhost'] }, 'FORBIDDEN_HOST'],
  ['192.168.1.9', { allowedHosts: ['p.example'] }, null],
  ['192.168.1.9', { host: '0.0.0.0' }, null],
] as const)('of a client at %s, with %j, believes no Host header', (remoteAddress, config, code) => {
  const guard = createRequestGuard({ ...LOOPBACK, ...config })
  const request = { headers: { host: 'localhost:4000' }, socket: { remoteAddress } }
  expect(guard.refusalOf(request)?.code ?? null).toBe(code)
  expect(guard.refusalOf(request, { anyHost: true })).toBeNull()
})

it('refuses several Host headers, of which a proxy may have checked another', () => {
  const guard = createRequestGuard(LOOPBACK)
  const rawHeaders = ['Host', 'localhost', 'accept', '*/*', 'hOST', 'evil.example']
  expect(guard.refusalOf({ headers: { host: 'localhost' }, rawHeaders })).toMatchObject({
    status: 400,
    code: 'BAD_REQUEST',
  })
  expect(guard.refusalOf({ headers: { host: 'localhost' }, rawHeaders: rawHeaders.slice(0, 4) })).toBeNull()
})

it('tells pages of other sites the same, whatever rule refused them', () => {
  const guard = createRequestGuard({ ...LOOPBACK, corsOrigins: ['https://a.example'] })
  const foreign: IncomingHttpHeaders[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'not an origin' },
    { origin: 'https://a.example:8443' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  ]
  const refusals = foreign.map((headers) => guard.refusalOf({ headers: { host: 'localhost', ...headers } }))
  expect(new Set(refusals.map((refusal) => refusal?.message)).size).toBe(1)
  expect(refusals.every((refusal) => refusal?.code === 'FORBIDDEN_ORIGIN')).toBe(true)
})

describe('a POST', () => {
  it.each([
    undefined,
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
  ])('of type %s is refused, since any page can send it without asking', (type) => {
    const headers: IncomingHttpHeaders = { host: 'localhost', ...(type && { 'content-type': type }) }
    expect(codeOf({}, headers, 'POST')).toBe('UNSUPPORTED_MEDIA_TYPE')
  })
})
