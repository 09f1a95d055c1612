import { expect, it } from 'vitest'
import type { NewPin } from '../../../../src/domain/pin.ts'
import { RECORD_LIFETIME_MS } from '../../../../src/upstream/writes/write-records.ts'
import { cidOf } from '../../../support/model/model-service.ts'
import { startModelWrites } from '../../../support/writes/start-model-writes.ts'

const PIN: NewPin = { cid: cidOf(1), name: 'x', origins: [], meta: {} }

it('a key is used up for 24 hours by the clock of the gateway', async () => {
  await using setup = startModelWrites({ keepsMeta: true })
  const add = () => setup.outcomeOf(setup.tenant.addPin(PIN, 'key'))
  const first = await add()

  await setup.clock.advance(RECORD_LIFETIME_MS - 1000)
  expect(await add()).toEqual(first)
  await setup.clock.advance(1000)
  expect(await add()).not.toEqual(first)
  expect(setup.pins()).toHaveLength(2)
})
