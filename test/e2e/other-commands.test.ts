import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse, validate } from 'graphql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSchema } from '../../src/schema/schema.ts'
import { json, startScriptedServer } from '../support/scripted-server.ts'
import { runCli, spawnCli } from '../support/spawn-cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let cwd: string
beforeEach(async () => {
  folder = await temporaryFolder()
  cwd = folder.path
})
afterEach(() => folder[Symbol.asyncDispose]())

describe('pinql print-schema', () => {
  it('prints what schema.graphql holds', async () => {
    const { exitCode, stdout } = await runCli(['print-schema'], { cwd })
    expect(exitCode).toBe(0)
    expect(stdout).toBe(await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8'))
  })
})

describe('pinql check', () => {
  it('asks every service, and ends with 0 when all can be used', async () => {
    await using upstream = await startScriptedServer()
    upstream.reply(json(200, { count: 12, results: [] }))
    await writeFile(
      join(cwd, 'pinql.config.yaml'),
      `services: { far: { provider: filebase, endpoint: "${upstream.endpoint}", token: test-token }, local: { provider: embedded } }\ndefaultService: far`,
    )
    const { exitCode, stdout } = await runCli(['check'], { cwd })
    expect(stdout).toMatch(
      /^ok {4}far {4}reachable, token accepted, lists 12 pins \(\d+ ms\)\nok {4}local {2}reachable/,
    )
    expect(exitCode).toBe(0)
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer test-token'])
  })

  it('says what is wrong with each service, and exits with 1', async () => {
    await using upstream = await startScriptedServer()
    upstream.reply(json(401, { error: { reason: 'UNAUTHORIZED', details: 'no' } }))
    await writeFile(
      join(cwd, 'pinql.config.yaml'),
      `services: { a: { endpoint: "${upstream.endpoint}", token: secret-1 }, b: { endpoint: "http://127.0.0.1:1", token: secret-2 }, c: { endpoint: "http://127.0.0.1:1" }, local: { provider: embedded } }\ndefaultService: a\ndataDir: pinql.config.yaml/below`,
    )
    const { exitCode, stdout, stderr } = await runCli(['check'], { cwd })
    expect(stdout.split('\n').map((line) => line.slice(0, 7))).toEqual(['FAIL  a', 'FAIL  b', 'skip  c', 'FAIL  l', ''])
    expect(stdout).toMatch(
      /skip {2}c {6}callers bring the token; not checked\nFAIL {2}local {2}.*cannot be written \(ENOTDIR\)/,
    )
    expect(stdout).toMatch(/FAIL {2}b {6}.*127\.0\.0\.1|FAIL {2}b {6}.*ECONNREFUSED/)
    expect(stdout + stderr).not.toContain('secret-')
    expect(exitCode).toBe(1)
  })
})

describe('pinql pinning-service', () => {
  it('serves the Pinning Service API to its tokens only', async () => {
    const args = ['pinning-service', '--port', '0', '--data-dir', 'data']
    await using cli = spawnCli(args, { cwd, env: { PINQL_PINNING_SERVICE_TOKENS: 'one two' } })
    const [, endpoint] = await cli.output(/Pinning Service API at (\S+)/)
    const statusWith = async (token: string) =>
      (await fetch(`${endpoint}/pins`, { headers: { authorization: `Bearer ${token}` } })).status
    expect(await Promise.all(['one', 'two', 'three'].map(statusWith))).toEqual([200, 200, 401])
    expect(await runCli(args, { cwd })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^pinql: .* is in use by another pinql: .*\n$/),
    })
    cli.kill('SIGTERM')
    expect(await cli.exitCode).toBe(0)
  })

  it('makes a token when none is given, and prints its place, not its text', async () => {
    await using cli = spawnCli(['pinning-service', '--port', '0'], { cwd })
    const [, path = ''] = await cli.output(/Its token is in (\S+)/)
    const token = await readFile(path, 'utf8')
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(cli.stdout + cli.stderr).not.toContain(token)
    const [, endpoint] = await cli.output(/Pinning Service API at (\S+)/)
    const { status } = await fetch(`${endpoint}/pins`, { headers: { authorization: `Bearer ${token}` } })
    expect(status).toBe(200)
  })
})

describe('pinql pinning-service, as a server', () => {
  const TOKEN = 'secret-token-of-a-client'
  const start = (args: readonly string[], env: Record<string, string> = {}) =>
    spawnCli(['pinning-service', '--port', '0', '--data-dir', 'data', ...args], {
      cwd,
      env: { PINQL_PINNING_SERVICE_TOKENS: TOKEN, ...env },
    })
  const request = (endpoint: string | undefined, path: string) =>
    fetch(`${endpoint}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } })

  it('logs one line for each request, in the form of the gateway, without tokens and queries', async () => {
    await using cli = start([])
    const [, endpoint] = await cli.output(/Pinning Service API at (\S+)/)
    await request(endpoint, `/pins?name=${TOKEN}`)
    await request(endpoint, `/pins/${TOKEN}`)
    await cli.output(/"status":404.*\n/)
    const lines = cli.stdout.split('\n').filter((line) => line.startsWith('{'))
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        method: 'GET',
        path: '/pins',
        status: 200,
        ms: expect.any(Number),
        msg: 'request',
      },
      {
        level: 'info',
        time: expect.any(String),
        method: 'GET',
        path: expect.stringMatching(/^\/pins\/(?!secret)/),
        status: 404,
        ms: expect.any(Number),
        msg: 'request',
      },
    ])
    expect(cli.stdout + cli.stderr).not.toContain(TOKEN)
  })

  it('logs no request below the level info', async () => {
    await using cli = start(['--log-level', 'warn'])
    const [, endpoint] = await cli.output(/Pinning Service API at (\S+)/)
    expect((await request(endpoint, '/pins')).status).toBe(200)
    cli.kill('SIGTERM')
    expect(await cli.exitCode).toBe(0)
    expect(cli.stdout).not.toContain('request')
  })

  it.each([
    ['--cors-origins', ['--cors-origins', 'https://app.example.com/', 'capacitor://localhost'], {}],
    ['its variable', [], { PINQL_PINNING_SERVICE_CORS_ORIGINS: 'https://app.example.com/, capacitor://localhost' }],
  ])('answers the preflights of the pages of %s', async (_, args, env) => {
    await using cli = start(args, env)
    const [, endpoint] = await cli.output(/Pinning Service API at (\S+)/)
    const allowed = async (origin: string) => {
      const headers = { origin, 'access-control-request-method': 'GET' }
      return (await fetch(`${endpoint}/pins`, { method: 'OPTIONS', headers })).headers.get(
        'access-control-allow-origin',
      )
    }
    expect(await allowed('https://app.example.com')).toBe('https://app.example.com')
    expect(await allowed('capacitor://localhost')).toBe('capacitor://localhost')
    expect(await allowed('https://evil.example.com')).toBe(null)
  })

  it.each([
    ['--announce', ['--announce', '/ip4/203.0.113.7/tcp/4001', '/dns4/pins.example.com/tcp/4001'], {}],
    [
      'its variable',
      [],
      { PINQL_PINNING_SERVICE_ANNOUNCE: '/ip4/203.0.113.7/tcp/4001,/dns4/pins.example.com/tcp/4001' },
    ],
  ])('gives the addresses of %s as delegates, and says so', async (_, args, env) => {
    await using cli = start(args, env)
    const [, delegates = ''] = await cli.output(/Delegates of pins: (.*)\n/)
    expect(delegates).toMatch(
      /^\/ip4\/203\.0\.113\.7\/tcp\/4001\/p2p\/(12D3\w+) \/dns4\/pins\.example\.com\/tcp\/4001\/p2p\/\1$/,
    )
    const [, endpoint] = await cli.output(/Pinning Service API at (\S+)/)
    const added = await fetch(`${endpoint}/pins`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ cid: 'bafkqablimvwgy3y' }),
    })
    expect(await added.json()).toMatchObject({ delegates: delegates.split(' ') })
  })

  it.each([
    [
      ['--announce', 'pins.example.com:4001'],
      2,
      /'--announce <multiaddr\.\.\.>' argument 'pins\.example\.com:4001' is invalid\. Expected a multiaddr/,
    ],
    [['--announce', '/ip4/0.0.0.0/tcp/4001'], 2, /Expected a multiaddr with a host and a port that others can reach/],
    [
      ['--listen', '/ip4/0.0.0.0/udp/4001'],
      2,
      /'--listen <multiaddr\.\.\.>' argument .* is invalid\. Expected an IP address and a TCP port/,
    ],
    [
      ['--announce', '/ip4/203.0.113.7/tcp/4001/nothing'],
      1,
      /^pinql: The pinning service cannot start: The announced address .* is no multiaddr: /,
    ],
    [
      ['--announce', '/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWAgaCP6pxrURbKAkvoFqNwUzwCKPzjNUVPLTCP1orkuf3'],
      1,
      /^pinql: The pinning service cannot start: The announced address .* names another peer than this one: /,
    ],
  ])('refuses %j in words', async (args, code, words) => {
    await using cli = start(args)
    expect(await cli.exitCode).toBe(code)
    expect(cli.stderr).toMatch(words)
  })

  it('says what it expects in place of a wrong origin', async () => {
    await using cli = start(['--cors-origins', 'app.example.com'])
    expect(await cli.exitCode).toBe(2)
    expect(cli.stderr).toMatch(
      /'--cors-origins <origin\.\.\.>' argument 'app\.example\.com' is invalid\. Expected origins such as/,
    )
  })
})

describe('pinql add', () => {
  it('prints a mutation and variables that are ready to paste', async () => {
    await writeFile(join(cwd, 'hello.txt'), 'hello')
    await using cli = spawnCli(['add', 'hello.txt'], { cwd })
    await cli.output(/Serving the content/)
    const variables = JSON.parse(/Variables:\n\n(\{.*?\n\})\n/s.exec(cli.stdout)?.[1] ?? '')
    expect(variables.input).toMatchObject({ name: 'hello.txt', cid: expect.stringMatching(/^baf/) })
    expect(variables.input.origins[0]).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\//)
    const [mutation = ''] = /^mutation AddPin\(\$input: AddPinInput!\) \{.*?^\}/ms.exec(cli.stdout) ?? []
    expect(validate(createSchema(), parse(mutation))).toEqual([])
  })

  it.each([
    ['.', ''],
    ['..', ''],
    ['holiday photos/', 'holiday photos'],
    ['holiday photos/../holiday photos', 'holiday photos'],
  ])('names a directory by its own name: %s', async (path, name) => {
    await mkdir(join(cwd, 'holiday photos', 'inner'), { recursive: true })
    await writeFile(join(cwd, 'hello.txt'), 'hello')
    await using cli = spawnCli(['add', '--json', path], { cwd: path === '..' ? join(cwd, 'holiday photos') : cwd })
    const [line = ''] = await cli.output(/\{.*\}\n/)
    expect(JSON.parse(line).variables.input.name).toBe(name || basename(cwd))
  })

  it.each([
    ['nope.txt', /^pinql: Cannot read \S*nope\.txt: there is no such file or directory \(ENOENT\)\n$/],
    ['hello.txt/below', /^pinql: Cannot read \S*below: a part of its path is a file, not a directory \(ENOTDIR\)\n$/],
    ['circle', /^pinql: Cannot read \S*circle: its symbolic links lead in a circle \(ELOOP\)\n$/],
    ['/dev/null', /^pinql: Cannot read \/dev\/null: it is neither a file nor a directory\n$/],
  ])('says why %s cannot be read', async (path, words) => {
    await writeFile(join(cwd, 'hello.txt'), 'hello')
    await symlink('circle', join(cwd, 'circle'))
    expect(await runCli(['add', path], { cwd })).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(words) })
  })

  it('takes no empty path for the working directory', async () => {
    const { exitCode, stderr } = await runCli(['add', ''], { cwd })
    expect(stderr).toMatch(/^error: argument 'path' expects a file or directory, got nothing\n/)
    expect(exitCode).toBe(2)
  })

  it('ends with 1 and one line when there is no such file', async () => {
    const { exitCode, stderr } = await runCli(['add', 'nothing'], { cwd })
    expect(stderr).toMatch(/^pinql: .*nothing.*\n$/)
    expect(exitCode).toBe(1)
  })
})
