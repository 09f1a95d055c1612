import { once } from 'node:events'
import { stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { deferred } from '../support/deferred.ts'
import { expectInTime } from '../support/expect-in-time.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { json, startScriptedServer } from '../support/scripted-server.ts'
import { runCli, spawnCli } from '../support/spawn-cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const SERVING = /Serving GraphQL and GraphiQL at (http:\/\/\S+?\/graphql)/

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let cwd: string
beforeEach(async () => {
  folder = await temporaryFolder()
  cwd = folder.path
})
afterEach(() => folder[Symbol.asyncDispose]())

const writeConfig = (text: string) => writeFile(join(cwd, 'pinql.config.yaml'), text)

async function ask(url: string, query: string, variables?: Record<string, unknown>) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, each asserted where it is used.
  return (await response.json()) as any
}

describe('pinql', () => {
  it('serves an embedded service when nothing is configured, and keeps its token to itself', async () => {
    await using cli = spawnCli(['--port', '0'], { cwd })
    const [, url = ''] = await cli.output(SERVING)
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/)
    expect(await ask(url, '{ services { name pinCounts { pinned error { code } } } }')).toEqual({
      data: { services: [{ name: 'local', pinCounts: { pinned: 0, error: null } }] },
    })
    expect((await stat(join(cwd, '.pinql'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(cwd, '.pinql', 'gateway-token'))).mode & 0o777).toBe(0o600)
  })

  it('refuses null for the variable of a directive, for which graphql-js would end the process', async () => {
    const pin = (n: number) => ({
      requestid: `${n}`,
      status: 'pinned',
      created: `2026-01-0${n}T00:00:00Z`,
      pin: { cid: exampleCid(n) },
      delegates: [],
    })
    const list = json(200, { count: 3, results: [pin(2), pin(1), pin(3)] })
    await using odd = await startScriptedServer()
    odd.reply(...Array.from({ length: 9 }, () => list))
    const services = `gone: { endpoint: "http://127.0.0.1:9", token: a }, odd: { endpoint: "${odd.endpoint}", token: a }`
    await writeConfig(`defaultService: gone\nservices: { ${services} }`)
    await using cli = spawnCli(['serve', '--port', '0'], { cwd })
    const [, url = ''] = await cli.output(SERVING)
    // The service is found to list in no order, so that it has a lesson.
    await ask(url, '{ pins(services: ["odd"]) { nodes { id } } }')
    const fields =
      'capabilities { lessons { proof @skip(if: $v) } } pinCounts { queued } budget { limit @skip(if: $v) }'
    const query = `query ($v: Boolean = true) { services { ${fields} } }`
    const { errors } = await ask(url, query, { v: null })
    const message = 'Variable "$v" of @skip or @include: expected true or false, got null.'
    expect(errors).toMatchObject([{ message, extensions: { code: 'BAD_REQUEST' } }])
    expect(await ask(url, '{ services { name } }')).toEqual({ data: { services: [{ name: 'gone' }, { name: 'odd' }] } })
  })

  it('leaves PINQL_PORT alone where Kubernetes has set it, and says so in the debug log', async () => {
    const env = { PINQL_PORT: 'tcp://10.0.0.7:4000', PINQL_LOG_LEVEL: 'debug', PINQL_HOST: '127.0.0.1' }
    await writeConfig('port: 0')
    await using cli = spawnCli([], { cwd, env })
    await cli.output(/"variable":"PINQL_PORT","msg":"A variable of Kubernetes is no setting of the gateway"/)
  })

  it('lets flags win over the environment, and the environment over the file', async () => {
    await writeConfig(
      'host: 127.0.0.9\nport: 1\nlogLevel: trace\nservices: { far: { endpoint: "http://127.0.0.1:9" } }',
    )
    await using cli = spawnCli(['serve', '--port', '0'], { cwd, env: { PINQL_HOST: '127.0.0.2', PINQL_PORT: '2' } })
    const [, url = ''] = await cli.output(SERVING)
    expect(new URL(url).hostname).toBe('127.0.0.2')
    expect(await ask(url, '{ services { name } }')).toEqual({ data: { services: [{ name: 'far' }] } })
  })

  it('says all that is wrong with the configuration in few lines, and ends with 2', async () => {
    await writeConfig('services: { far: { endpoint: nowhere, tokn: secret-value } }')
    const { exitCode, stdout, stderr } = await runCli([], { cwd, env: { PINQL_PORT: 'x' } })
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr.replaceAll(`${cwd}/`, '')).toBe(`pinql: The configuration cannot be used:
  port (PINQL_PORT): expected a whole number from 0 to 65535, got "x"
  services.far.endpoint (pinql.config.yaml, line 1): expected an http or https URL without user, query and fragment, got a text of 7 characters
  services.far.tokn (pinql.config.yaml, line 1): unknown key; did you mean token?
`)
  })

  it('says which service has no known endpoint, and ends with 2', async () => {
    await writeConfig('services: { filebase: {}, far: {}, local: { provider: embedded } }\ndefaultService: far')
    const { exitCode, stderr } = await runCli([], { cwd })
    expect(stderr).toMatch(/^pinql: .*:\n {2}services\.far\.endpoint: expected an http or https URL, got nothing.*\n$/)
    expect(exitCode).toBe(2)
  })

  it.each([
    [['--prot', '1'], "unknown option '--prot'"],
    [['srve'], "unknown command 'srve'\n(Did you mean serve?)"],
    [['serve', 'more'], 'too many arguments'],
    [['add'], "missing required argument 'path'"],
    [['pinning-service', '--port', '70000'], 'Expected a whole number from 0 to 65535'],
    [['pinning-service', '--listen', '/ip4/1'], 'Expected an IP address and a TCP port'],
    [['pinning-service', '--gateway', 'notaurl'], 'Expected an http or https URL'],
    [['pinning-service', '--kubo-token', 'a'], 'expects --kubo beside it'],
    [['pinning-service', '--token', ' '], 'expects a token, got nothing'],
    [['pinning-service', 'exprot'], "unknown command 'exprot'\n(Did you mean export?)"],
    [['token', 'create', '--name', ' '], 'Expected a name, got nothing'],
  ])('refuses the command line %j, and ends with 2', async (args, expected) => {
    const { exitCode, stderr } = await runCli(args, { cwd })
    expect(stderr).toContain(expected)
    expect(exitCode).toBe(2)
  })

  it('ends with 1 and one line when its port is taken', async () => {
    await using server = await listen()
    const { exitCode, stderr } = await runCli(['--port', String(server.port)], { cwd })
    expect(stderr).toBe(
      `pinql: Cannot listen on 127.0.0.1, port ${server.port}: the port is taken. --port or PINQL_PORT chooses another.\n`,
    )
    expect(exitCode).toBe(1)
  })

  it('prints help and version, and ends with 0', async () => {
    const help = await runCli(['--help'], { cwd })
    expect(help).toMatchObject({ exitCode: 0, stderr: '' })
    expect(help.stdout).toMatch(
      /serve .*add .*check .*pinning-service .*print-schema .*--config .*--port .*--data-dir /s,
    )
    const check = await runCli(['check', '--help'], { cwd })
    const options = check.stdout.match(/--[a-z-]+(?= )/g)
    expect(options).toEqual(['--config', '--data-dir', '--default-service', '--help'])
    expect(await runCli(['--version'], { cwd })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+/),
    })
  })
})

describe('a signal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s lets a request in flight finish, refuses new ones, and ends with 0',
    async (signal) => {
      await using upstream = await startScriptedServer()
      const entered = deferred()
      const release = deferred()
      upstream.reply(async (response, request, aborted) => {
        entered.resolve()
        await release.promise
        await json(200, { count: 0, results: [] })(response, request, aborted)
      })
      await writeConfig(
        `services: { far: { provider: filebase, endpoint: "${upstream.endpoint}", token: test-token } }\nshutdownTimeoutMs: 60000`,
      )
      await using cli = spawnCli(['--port', '0'], { cwd })
      const [, url = ''] = await cli.output(SERVING)
      const answer = ask(url, '{ pins { nodes { id } } }')
      await entered.promise

      cli.kill(signal)
      await expect
        .poll(() =>
          fetch(url).then(
            () => 'answered',
            () => 'refused',
          ),
        )
        .toBe('refused')
      release.resolve()
      expect(await answer).toEqual({ data: { pins: { nodes: [] } } })
      // With the answer: the time to shut down ends later than the test may.
      expect(await cli.exitCode).toBe(0)
      upstream.assertDone()
    },
  )

  it('SIGHUP is logged, and ends nothing', async () => {
    await using cli = spawnCli(['--port', '0'], { cwd })
    const [, url = ''] = await cli.output(SERVING)
    cli.kill('SIGHUP')
    await cli.output(/SIGHUP changes nothing: the configuration is read at the start only/)
    expect(await ask(url, '{ __typename }')).toEqual({ data: { __typename: 'Query' } })
    cli.kill('SIGTERM')
    expect(await cli.exitCode).toBe(0)
  })

  it('SIGTERM closes 500 WebSockets one after another, and ends before orchestrators kill, after 10 s', async () => {
    await using cli = spawnCli(['--port', '0'], { cwd })
    const [, url = ''] = await cli.output(SERVING)
    const sockets = Array.from({ length: 500 }, () => new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws'))
    const codes = sockets.map((socket) => once(socket, 'close').then(([code]) => code as number))
    await Promise.all(
      sockets.map(async (socket) => {
        await once(socket, 'open')
        socket.send(JSON.stringify({ type: 'connection_init' }))
        await once(socket, 'message')
        const query = 'subscription { pinsChanged { kind } }'
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
        await once(socket, 'message')
      }),
    )
    cli.kill('SIGTERM')
    // A stop that takes longer cuts off the sockets that are left, which then see 1006.
    expect(await expectInTime({ 'longest stop': 9_500 }, () => cli.exitCode, { graceMs: 500 })).toBe(0)
    expect(new Set(await Promise.all(codes))).toEqual(new Set([1012]))
  })

  it('that comes twice ends it at once', async () => {
    await using upstream = await startScriptedServer()
    const entered = deferred()
    upstream.reply(() => entered.resolve())
    await writeConfig(
      `services: { far: { endpoint: "${upstream.endpoint}", token: test-token } }\nshutdownTimeoutMs: 60000`,
    )
    await using cli = spawnCli(['--port', '0'], { cwd })
    const [, url = ''] = await cli.output(SERVING)
    const answer = ask(url, '{ pins { __typename } }').catch(() => 'cut off')
    await entered.promise
    cli.kill('SIGTERM')
    await expect
      .poll(() =>
        fetch(url).then(
          () => 'answered',
          () => 'refused',
        ),
      )
      .toBe('refused')
    cli.kill('SIGTERM')
    expect(await cli.exitCode).toBe(1)
    expect(await answer).toBe('cut off')
  })
})

async function listen(): Promise<AsyncDisposable & { port: number }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
