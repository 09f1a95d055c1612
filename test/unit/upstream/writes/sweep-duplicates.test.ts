import { describe, expect, it } from 'vitest'
import { OutcomeUnknownError } from '../../../../src/domain/change-errors.ts'
import { RateLimitedError } from '../../../../src/domain/errors.ts'
import type { NewPin, Pin } from '../../../../src/domain/pin.ts'
import { cidOf, type Fate } from '../../../support/model/model-service.ts'
import { type ModelWrites, startModelWrites } from '../../../support/writes/start-model-writes.ts'

const PIN: NewPin = { cid: cidOf(1), name: 'x', origins: [], meta: {} }
const HOUR_MS = 60 * 60_000
const refused = { beforeMs: 10, refusal: new RateLimitedError('model', 1000) }

const add = (setup: ModelWrites): Promise<unknown> => setup.outcomeOf(setup.tenant.addPin(PIN, 'key'))

describe('a write that was sent twice', () => {
  /** Both requests act, the first one late, and no answer to a request or to a later look arrives. */
  async function addTwice(setup: ModelWrites, untilMs: number): Promise<unknown> {
    let adds = 0
    setup.decide({
      add: (n) => {
        adds = n
        return n === 1 ? { lateMs: 20_000 } : { isReplyLost: true }
      },
      list: () => (adds > 1 && setup.clock.now() < untilMs ? refused : {}),
    })
    const outcome = await add(setup)
    await setup.clock.advance(20_000)
    return outcome
  }

  it('loses its second pin although its outcome stays unknown', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    expect(await addTwice(setup, 40_000)).toBeInstanceOf(OutcomeUnknownError)
    const [oldest] = setup.pins()
    const stranger = setup.model.add(setup.token, { cid: PIN.cid, name: PIN.name })
    expect(setup.pins()).toHaveLength(3)
    setup.model.requests.splice(0)

    await setup.clock.advance(HOUR_MS)

    expect(setup.pins()).toEqual([oldest, stranger])
    expect(setup.model.requests.map(({ operation }) => operation)).toEqual(['list', 'remove'])
    expect(await add(setup)).toEqual(oldest)
  })

  it('loses its second pin when the service answers again after ten minutes', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    await addTwice(setup, 10 * 60_000)
    expect(setup.pins()).toHaveLength(2)

    await setup.clock.advance(HOUR_MS)

    expect(setup.pins()).toHaveLength(1)
  })

  it('loses its second pin after a removal that failed', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    await addTwice(setup, 40_000)
    const removed = (n: number): Fate => (n <= 5 ? refused : {})
    setup.decide({ remove: removed })

    await setup.clock.advance(HOUR_MS)

    expect(setup.pins()).toHaveLength(1)
  })

  it('is given up after half an hour, and then has no timer', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    await addTwice(setup, Number.POSITIVE_INFINITY)
    setup.model.requests.splice(0)

    await setup.clock.advance(HOUR_MS)
    const tries = setup.count('list')
    await setup.clock.advance(24 * HOUR_MS)

    expect(tries).toBeGreaterThanOrEqual(6)
    // Each of the 6 looks is one call, with three tries at most.
    expect(setup.count('list')).toBeLessThanOrEqual(18)
    expect(setup.count('list')).toBe(tries)
    expect(setup.pins()).toHaveLength(2)
  })

  it('is not looked for any more once the gateway stops', async () => {
    const setup = startModelWrites({ keepsMeta: true })
    await addTwice(setup, 40_000)
    setup.model.requests.splice(0)

    await setup[Symbol.asyncDispose]()

    expect(setup.clock.pendingTimers).toBe(0)
    await setup.clock.advance(HOUR_MS)
    expect(setup.model.requests).toEqual([])
  })

  it('keeps the pin that a client was told of', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    setup.decide({ add: (n) => (n === 1 ? { lateMs: 20_000 } : {}) })
    const told = await add(setup)

    await setup.clock.advance(20_000)
    expect(setup.pins()).toHaveLength(2)
    await setup.clock.advance(HOUR_MS)

    expect(setup.pins()).toEqual([told])
  })

  it('keeps the pin that replaced its own, where a service leaves the old id of the write in it', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    const { model, tenant, token, clock } = setup
    setup.decide({ add: (n) => (n === 1 ? { lateMs: 20_000 } : {}) })
    const told = (await add(setup)) as Pin
    await clock.advance(20_000)
    const ref = { service: 'model', requestId: told.requestId, cid: PIN.cid.text }
    const replaced = tenant.replacePin(ref, { name: 'new' }, 'other key')
    await clock.advance(100)
    const { requestId } = await replaced
    const ofService = model.pins(token).get(requestId)
    model.add(token, { ...ofService, writeId: told.writeId })
    expect(setup.pins().map(({ name }) => name)).toEqual(['x', 'new'])

    await clock.advance(HOUR_MS)

    expect(setup.pins().map(({ name }) => name)).toEqual(['new'])
  })
})
