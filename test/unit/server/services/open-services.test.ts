import { expect, it } from 'vitest'
import { parseConfig } from '../../../../src/config/parse-config.ts'
import { createLogger } from '../../../../src/observability/logger.ts'
import { openServices } from '../../../../src/server/services/open-services.ts'
import { openState } from '../../../../src/server/services/open-state.ts'
import { createMemoryBudget } from '../../../../src/upstream/budget/create-memory-budget.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const log = createLogger({ level: 'silent', secrets: [], sink: { write() {} } })

it('disposes the state after everything that uses it', async () => {
  await using folder = await temporaryFolder()
  const config = parseConfig({ services: { filebase: {} }, dataDir: folder.path })
  const disposed: string[] = []
  const services = await openServices(config, log, undefined, async (...args) => {
    const state = await openState(...args)
    return {
      ...state,
      createBudget(options) {
        const budget = createMemoryBudget(options)
        const dispose = budget[Symbol.dispose]
        return Object.assign(budget, {
          [Symbol.dispose]() {
            disposed.push('budget')
            dispose.call(budget)
          },
        })
      },
      async [Symbol.asyncDispose]() {
        disposed.push('state')
        await state[Symbol.asyncDispose]()
      },
    }
  })
  expect(disposed).toEqual([])

  await services[Symbol.asyncDispose]()
  expect(disposed).toEqual(['budget', 'state'])
})
