import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startTestGateway } from '../../support/start-test-gateway.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** No directory can be made below a file, not even by root, to whom permissions mean nothing. */
async function unusableDirectory() {
  const folder = await temporaryFolder()
  await writeFile(join(folder.path, 'file'), '')
  return { path: join(folder.path, 'file', 'data'), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

const MESSAGE = (path: string) =>
  `The data directory ${path} cannot be written (ENOTDIR); dataDir, PINQL_DATA_DIR or --data-dir names another`

it('does not start with an embedded service whose data directory cannot be written, and names both', async () => {
  await using directory = await unusableDirectory()
  await expect(startTestGateway({ dataDir: directory.path })).rejects.toThrow(MESSAGE(directory.path))
  const services = { local: { provider: 'embedded', token: 'a-token-of-its-own' } }
  await expect(startTestGateway({ dataDir: directory.path, services })).rejects.toThrow(MESSAGE(directory.path))
})

it('serves other services without a data directory, and warns of what that means', async () => {
  await using directory = await unusableDirectory()
  await using upstream = await startTestGateway()
  await using gateway = await startTestGateway({
    dataDir: directory.path,
    upstream: new URL('/nowhere', upstream.url).href,
  })
  expect((await gateway.query('{ __typename }')).data).toEqual({ __typename: 'Query' })
  const warnings = gateway.logged.map((line) => JSON.parse(line) as { level: string; msg: string })
  expect(warnings.filter(({ msg }) => msg.startsWith(MESSAGE(directory.path)))).toMatchObject([
    {
      msg: expect.stringContaining(
        'Writes are on record in memory only: after a restart, their idempotency keys are forgotten',
      ),
    },
  ])
})
