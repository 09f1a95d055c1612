import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { carHeader, carSection } from '../../../src/embedded/dag/car.ts'
import { hashOf } from '../../../src/embedded/store/token-store.ts'
import { type CliProcess, runCli, spawnCli } from '../../support/spawn-cli.ts'
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
    stderr: expect.stringMatching(
      /^pinql: Cannot write .*backup\.car: it exists, and is not overwritten \(EEXIST\)\n$/,
    ),
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

it.each([
  ['import notes.txt', 'Cannot import .*notes\\.txt: The file ends before its list of pins does'],
  ['import empty', 'Cannot import .*empty: The file ends before its list of pins does'],
  ['import noise', 'Cannot import .*noise: Expected a file of "pinql pinning-service export", got no CAR file'],
  [
    'import other.car',
    'Cannot import .*other\\.car: Expected a file of "pinql pinning-service export", got another CAR file',
  ],
  ['import folder', 'Cannot read .*folder: it is a directory'],
  ['import notes.txt/below', 'Cannot read .*below: a part of its path is a file, not a directory \\(ENOTDIR\\)'],
])('pinql pinning-service %s says what the file is, and makes no data directory', async (command, words) => {
  await writeFile(join(folder.path, 'notes.txt'), 'hello\n')
  await writeFile(join(folder.path, 'empty'), '')
  await writeFile(join(folder.path, 'noise'), Buffer.alloc(1_000, 7))
  const block = Buffer.from('hello')
  const cid = CID.createV1(0x55, await sha256.digest(block))
  await writeFile(join(folder.path, 'other.car'), Buffer.concat([carHeader(cid), carSection(cid, block)]))
  await mkdir(join(folder.path, 'folder'))
  const before = await readdir(folder.path)
  const { exitCode, stderr, stdout } = await run(`pinning-service ${command} --data-dir data`)
  expect(stderr).toMatch(new RegExp(`^pinql: ${words}.*\\n$`))
  expect({ exitCode, stdout, files: await readdir(folder.path) }).toEqual({ exitCode: 1, stdout: '', files: before })
})

it.each([
  ['notes.txt', 'it exists, and is not overwritten \\(EEXIST\\)'],
  ['.', 'it is a directory \\(EISDIR\\)'],
  ['nowhere/backup.car', 'there is no directory .*nowhere \\(ENOENT\\)'],
  ['notes.txt/backup.car', 'a part of its path is a file, not a directory \\(ENOTDIR\\)'],
])('pinql pinning-service export %s says why it cannot be written, and leaves all as it was', async (file, words) => {
  await run('token create --name app')
  await writeFile(join(folder.path, 'notes.txt'), 'hello\n')
  const before = await readdir(folder.path)
  const { exitCode, stderr, stdout } = await run(`pinning-service export ${file}`)
  expect(stderr).toMatch(new RegExp(`^pinql: Cannot write .*: ${words}\\n$`))
  expect({ exitCode, stdout, files: await readdir(folder.path) }).toEqual({ exitCode: 1, stdout: '', files: before })
  expect(await readFile(join(folder.path, 'notes.txt'), 'utf8')).toBe('hello\n')
})

it.each([
  [
    'token create --name x',
    'Cannot make the directory .*notes\\.txt: there is a file of this name already \\(EEXIST\\)',
  ],
  ['token list', 'There is no pins\\.db in .*notes\\.txt: expected --data-dir to name .*'],
  [
    'pinning-service --port 0 --token secret',
    'The pinning service cannot start: Cannot make the directory .*notes\\.txt: there is a file of this name already \\(EEXIST\\)',
  ],
  ['serve --port 0', 'The data directory .*notes\\.txt cannot be written \\(it is a file, EEXIST\\); .*'],
])('pinql %s says that its data directory is a file', async (command, words) => {
  await writeFile(join(folder.path, 'notes.txt'), 'hello\n')
  const { exitCode, stderr } = await run(`${command} --data-dir notes.txt`)
  expect(stderr).toMatch(new RegExp(`^pinql: ${words}\\n$`))
  expect(exitCode).toBe(1)
})

it.each([
  ['pins.db', 'Cannot open .*pins\\.db: the file is not a database'],
  ['peer.key', '.*peer\\.key has no key of a peer: restore it, or remove it, .*'],
])('pinql pinning-service says which file of its data directory is broken: %s', async (name, words) => {
  await mkdir(join(folder.path, 'data'), { mode: 0o700 })
  await writeFile(join(folder.path, 'data', name), 'garbage '.repeat(200), { mode: 0o600 })
  const { exitCode, stderr } = await run('pinning-service --port 0 --token secret --data-dir data')
  expect(stderr).toMatch(new RegExp(`^pinql: The pinning service cannot start: ${words}\\n$`))
  expect(exitCode).toBe(1)
})

describe('pins of a gateway', () => {
  const CID_OF_HELLO = 'bafkqablimvwgy3y'

  /** Runs a gateway on a data directory until `use` is done with it. */
  async function withGateway<Result>(
    dataDir: string,
    use: (ask: (query: string) => Promise<Record<string, unknown>>, cli: CliProcess) => Promise<Result>,
  ): Promise<Result> {
    await using cli = spawnCli(['serve', '--port', '0', '--data-dir', dataDir], { cwd: folder.path })
    const [, url = ''] = await cli.output(/Serving GraphQL and GraphiQL at (http:\/\/\S+?\/graphql)/)
    const headers = { 'content-type': 'application/json' }
    const result = await use(async (query) => {
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })
      return (await response.json()) as Record<string, unknown>
    }, cli)
    cli.kill('SIGTERM')
    expect(await cli.exitCode).toBe(0)
    return result
  }
  const add = (dataDir: string) =>
    withGateway(dataDir, async (ask) => {
      await ask(`mutation { addPin(input: { cid: "${CID_OF_HELLO}", name: "hello" }) { pin { id } } }`)
    })
  const shown = { data: { pins: { nodes: [{ name: 'hello' }] } } }
  const hidden = { data: { pins: { nodes: [] } } }
  const LIST = '{ pins { nodes { name } } }'

  it('are shown by another gateway that a backup was restored to, and no token is in the backup', async () => {
    await add('one')
    expect(await run('pinning-service export backup.car --data-dir one')).toMatchObject({ exitCode: 0 })
    expect(await run('pinning-service import backup.car --data-dir two')).toMatchObject({
      exitCode: 0,
      stdout: 'Imported 1 pins and 0 blocks\n',
    })
    expect(await withGateway('two', (ask) => ask(LIST))).toEqual(shown)
    const token = await readFile(join(folder.path, 'one', 'gateway-token'), 'utf8')
    expect(await readFile(join(folder.path, 'two', 'gateway-token'), 'utf8')).not.toBe(token)
    const backup = await readFile(join(folder.path, 'backup.car'), 'latin1')
    expect(backup).not.toContain(token)
    expect(backup).not.toContain(hashOf(token).toString('hex'))
    // A second restore changes nothing.
    expect((await run('pinning-service import backup.car --data-dir two')).stdout).toBe(
      'Imported 0 pins and 0 blocks\n',
    )
    expect(await withGateway('two', (ask) => ask(LIST))).toEqual(shown)
  })

  it('are told and adopted where no token shows them', async () => {
    await add('one')
    // As in a backup of an earlier version, nothing says that they are the gateway's own.
    await rm(join(folder.path, 'one', 'gateway-token'))
    await run('pinning-service export backup.car --data-dir one')
    const imported = await run('pinning-service import backup.car --data-dir two')
    const told =
      /1 pin is hidden: they were added .* run "pinql (token adopt --from configured:[0-9a-f]{12} --data-dir \S+)"\n/
    expect(imported.stdout).toMatch(told)
    const [, command = ''] = await withGateway('two', async (ask, cli) => {
      expect(await ask(LIST)).toEqual(hidden)
      const words =
        /1 pin is hidden: they were added .* run \\"pinql (token adopt --from \S+ --to \S+ --data-dir [^\s\\]+)\\"/
      const found = await cli.output(words)
      // A gateway that runs has the owners of its tokens in memory.
      expect(await run(String(found[1]))).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is in use') })
      return found
    })
    expect(await run(command)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^Gave 1 pin of configured:/),
    })
    await withGateway('two', async (ask, cli) => {
      expect(await ask(LIST)).toEqual(shown)
      expect(cli.stdout).not.toContain('hidden')
    })
  })
})

it('pinql token adopt says what it does not know', async () => {
  await run('token create --name app')
  expect(await run('token adopt --from nobody')).toMatchObject({
    exitCode: 1,
    stderr: 'pinql: There are no pins of "nobody"\n',
  })
  expect(await run('token adopt --from app --to app')).toMatchObject({
    exitCode: 1,
    stderr: 'pinql: These are already the pins of app: expected another owner\n',
  })
  expect(await run('token adopt')).toMatchObject({ exitCode: 2 })
  expect(await run('token create --name configured:x')).toMatchObject({ exitCode: 2 })
})
