import { describe, expect, it } from 'vitest'
import { OutcomeUnknownError } from '../../../../src/domain/change-errors.ts'
import { RateLimitedError, ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import type { NewPin } from '../../../../src/domain/pin.ts'
import { cidOf } from '../../../support/model/model-service.ts'
import { type ModelWrites, startModelWrites } from '../../../support/writes/start-model-writes.ts'

const PIN: NewPin = { cid: cidOf(1), name: 'x', origins: [], meta: {} }
const refused = { beforeMs: 10, refusal: new RateLimitedError('model', 1000) }
const noConnection = { beforeMs: 10, refusal: new ServiceUnavailableError('no connection', { service: 'model' }) }
const lostBefore = { refusal: new ServiceUnavailableError('lost', { service: 'model', mayHaveActed: true }) }

const add = (setup: ModelWrites): Promise<unknown> => setup.outcomeOf(setup.tenant.addPin(PIN, 'key'))

describe('a write without an answer', () => {
  it.each([
    ['refused', refused],
    ['not reached', noConnection],
    ['lost', lostBefore],
  ])('is not sent again unless a look was answered: all lists are %s', async (_what, fate) => {
    await using setup = startModelWrites({ keepsMeta: true })
    setup.decide({ add: (n) => (n === 1 ? { isReplyLost: true } : {}), list: () => fate })

    const outcome = await add(setup)

    expect(outcome).toBeInstanceOf(OutcomeUnknownError)
    expect(outcome).toMatchObject({ code: 'OUTCOME_UNKNOWN', idempotencyKey: 'key' })
    expect(setup.clock.now()).toBeLessThanOrEqual(26_000)
    expect([setup.count('add'), setup.pins().length]).toEqual([1, 1])

    setup.model.fate = undefined
    await setup.clock.advance(60_000)
    expect(await add(setup)).toEqual(setup.pins()[0])
    expect(setup.pins()).toHaveLength(1)
  })

  it('is looked for until its time is over, while no look is answered', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    setup.decide({
      add: (n) => (n === 1 ? { isReplyLost: true } : {}),
      list: () => (setup.clock.now() < 15_000 ? refused : {}),
    })

    expect(await add(setup)).toEqual(setup.pins()[0])
    expect([setup.count('add'), setup.pins().length]).toEqual([1, 1])
  })

  it('is not sent again when only early looks were answered', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    setup.decide({ add: (n) => (n === 1 ? { lateMs: 5000 } : {}), list: (n) => (n === 1 ? {} : refused) })

    expect(await add(setup)).toBeInstanceOf(OutcomeUnknownError)
    expect([setup.count('add'), setup.pins().length]).toEqual([1, 1])
  })
})
