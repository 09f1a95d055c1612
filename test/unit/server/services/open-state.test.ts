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
  const one = await openState(config, log)
  const two = await openState(config, log)

  expect(await one.writeRecords.unfinished('tenant')).toEqual([])
  expect(one.tenantSecret).toHaveLength(32)
  expect(one.tenantSecret).not.toEqual(two.tenantSecret)
})
