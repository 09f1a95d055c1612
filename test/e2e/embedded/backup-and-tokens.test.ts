import { readdir } from 'node:fs/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runCli } from '../../support/spawn-cli.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder[Symbol.asyncDispose]())

const run = (command: string) => runCli(command.split(' '), { cwd: folder.path })

it('pinql token creates, lists and revokes', async () => {
  const created = await run('token create --name app')
  expect(created).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[\w-]{43}\n$/) })
  expect(await run('token create --name app')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('already'),
  })
  expect((await run('token list')).stdout).toMatch(/^app\t\S+Z\t0 pins\n$/)
  expect(await run('token revoke --name app')).toMatchObject({ exitCode: 0 })
  expect((await run('token list')).stdout).toBe('')
  expect(await run('token revoke --name app')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('no token'),
  })
  expect(await run('token create')).toMatchObject({ exitCode: 2 })
})

it.each([
  'pinning-service export b.car --data-dir mistyped',
  'pinning-service verify --data-dir mistyped',
  'token list --data-dir mistyped',
  'token revoke --name app --data-dir mistyped',
  'pinning-service import missing.car --data-dir mistyped',
])('pinql %s says what is not there, ends with 1 and makes nothing', async (command) => {
  const { exitCode, stderr } = await run(command)
  expect(stderr).toMatch(
    /^pinql: (?:There is no pins\.db in .*mistyped: |Cannot read .*missing\.car: there is no such file).*\n$/,
  )
  expect(exitCode).toBe(1)
  expect(await readdir(folder.path)).toEqual([])
})

it('pinql pinning-service exports, imports and verifies, and overwrites no file', async () => {
  await run('token create --name app')
  expect(await run('pinning-service export backup.car')).toMatchObject({
    exitCode: 0,
    stdout: 'Exported 0 pins and 0 blocks\n',
  })
  expect(await run('pinning-service export backup.car')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('EEXIST'),
  })
  expect(await run('pinning-service import backup.car --data-dir other')).toMatchObject({
    exitCode: 0,
    stdout: 'Imported 0 pins and 0 blocks\n',
  })
  expect(await run('pinning-service verify --data-dir other')).toMatchObject({
    exitCode: 0,
    stdout: 'Verified 0 blocks: 0 broken, 0 pins queued again\n',
  })
})
