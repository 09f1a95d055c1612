import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readGatewayToken } from '../../../../src/server/services/gateway-token.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

it('makes one token, even when many ask at once, and leaves nothing else behind', async () => {
  await using folder = await temporaryFolder()
  const dataDir = join(folder.path, 'new', 'folder')
  const found = await Promise.all(Array.from({ length: 20 }, () => readGatewayToken(dataDir)))
  expect(new Set(found.map(({ token }) => token)).size).toBe(1)
  expect(found[0]?.token).toMatch(/^[\w-]{43}$/)
  expect(await readdir(dataDir)).toEqual(['gateway-token'])
  expect(await readGatewayToken(dataDir)).toEqual(found[0])
})

it('lets only its owner read it', async () => {
  await using folder = await temporaryFolder()
  const dataDir = join(folder.path, 'data')
  const { path } = await readGatewayToken(dataDir)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
})
