import { afterEach, beforeEach, expect, it } from 'vitest'
import { spawnCli } from '../../support/spawn-cli.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const SERVING = /Serving GraphQL and GraphiQL at (http:\/\/\S+?\/graphql)/

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder[Symbol.asyncDispose]())

it('the gateway goes on when nobody reads its log any more', async () => {
  await using cli = spawnCli(['serve', '--port', '0', '--log-level', 'debug'], { cwd: folder.path, isSource: true })
  const [, url = ''] = await cli.output(SERVING)
  cli.closeOutput()
  for (let asked = 0; asked < 20; asked++) {
    const response = await fetch(`${url}?query=%7B__typename%7D`)
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } })
  }
  await expect
    .poll(() => cli.stderr)
    .toBe('pinql: the log cannot be written (EPIPE). The gateway goes on without it.\n')
  cli.kill('SIGTERM')
  expect(await cli.exitCode).toBe(0)
})

it('a command whose output nobody reads ends quietly', async () => {
  await using cli = spawnCli(['print-schema'], { cwd: folder.path, isSource: true })
  cli.closeOutput()
  expect({ exitCode: await cli.exitCode, stderr: cli.stderr }).toEqual({ exitCode: 0, stderr: '' })
})

it('a start beyond loopback with a token ends with 2, before anything is opened', async () => {
  await using cli = spawnCli(['--host', '0.0.0.0', '--port', '0'], { cwd: folder.path, isSource: true })
  expect(await cli.exitCode).toBe(2)
  expect(cli.stdout).toBe('')
  expect(cli.stderr).toMatch(
    /^pinql: The configuration cannot be used:\n {2}host: 0\.0\.0\.0 is reached from other machines/,
  )
  expect(cli.stderr).toContain('--allow-anonymous')
})

it('--allow-anonymous is a way out, as a flag alone', async () => {
  await using cli = spawnCli(['--host', '0.0.0.0', '--allow-anonymous', '--port', '0'], {
    cwd: folder.path,
    isSource: true,
  })
  await cli.output(SERVING)
  await cli.output(/Whoever reaches 0\.0\.0\.0 can use local without a token/)
})
