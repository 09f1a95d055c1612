import { writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { parseConfig } from '../../../../src/config/parse-config.ts'
import { createLogger } from '../../../../src/observability/logger.ts'
import { openState } from '../../../../src/server/services/open-state.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const log = createLogger({ level: 'silent', secrets: [], sink: { write() {} } })

it('has every part also without a data directory, and then for this process only', async () => {
  await using folder = await temporaryFolder()
  await writeFile(`${folder.path}/file`, '')
  const config = parseConfig({ services: { filebase: {} }, dataDir: `${folder.path}/file/data` })
  await using one = await openState(config, log)
  await using two = await openState(config, log)

  expect(await one.writeRecords.unfinished('tenant')).toEqual([])
  expect(one.tenantSecret).toHaveLength(32)
  expect(one.tenantSecret).not.toEqual(two.tenantSecret)
})

it('keeps records and secret in the data directory, until it is disposed', async () => {
  await using folder = await temporaryFolder()
  const config = parseConfig({ services: { filebase: {} }, dataDir: folder.path })
  const one = await openState(config, log)
  expect(await one.writeRecords.unfinished('tenant')).toEqual([])
  await one[Symbol.asyncDispose]()

  await expect(one.writeRecords.unfinished('tenant')).rejects.toThrow()
  await using two = await openState(config, log)
  expect(two.tenantSecret).toEqual(one.tenantSecret)
})
