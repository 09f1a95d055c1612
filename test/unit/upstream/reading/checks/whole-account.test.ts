import { describe, expect, it } from 'vitest'
import { PIN_STATUSES, type Pin } from '../../../../../src/domain/pin.ts'
import { LearnedCapabilities } from '../../../../../src/upstream/learning/learned-capabilities.ts'
import { ListProofs } from '../../../../../src/upstream/learning/list-proofs.ts'
import { TokenRefusals } from '../../../../../src/upstream/learning/token-refusals.ts'
import { SPECIFIED_CAPABILITIES } from '../../../../../src/upstream/providers/capabilities.ts'
import { EndCheck } from '../../../../../src/upstream/reading/checks/end-check.ts'
import { LimitCheck } from '../../../../../src/upstream/reading/checks/limit-check.ts'
import type { CheckedAccount } from '../../../../../src/upstream/reading/checks/page-check.ts'
import { SeveralStatusesCheck } from '../../../../../src/upstream/reading/checks/several-statuses-check.ts'
import { WholeAccount } from '../../../../../src/upstream/reading/checks/whole-account.ts'
import { examplePin } from '../../../../support/upstream/lookup-harness.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const LIST = { statuses: PIN_STATUSES, limit: 100 }

/** An account of two pins at a service that nobody knows, where each list is in progress beside another one. */
function createAccount() {
  const clock = new VirtualClock(1000)
  let generation = 0
  const known = new LearnedCapabilities({ ...SPECIFIED_CAPABILITIES, multiStatus: true })
  const checked: CheckedAccount = {
    service: 'test',
    get capabilities() {
      return known.current
    },
    known,
    proofs: new ListProofs(known),
    refusals: new TokenRefusals(known),
    clock,
    get generation() {
      return generation
    },
  }
  const pins: Pin[] = [examplePin(1), examplePin(2)]
  const account = new WholeAccount(
    checked,
    new SeveralStatusesCheck(checked),
    new EndCheck(checked, new LimitCheck(checked)),
  )
  let requests = 0
  const ask = async () => {
    requests++
    return { count: null, pins: [...pins] }
  }
  const others = { count: () => 1, haveRoom: () => true, areWaiting: () => false }
  return {
    clock,
    pins,
    account,
    requests: () => requests,
    change: () => {
      generation++
    },
    /** Returns the answer to a list of an operation that began then. */
    answer: async (since: number, mayRead: boolean) => {
      const check = { ask, class: 'interactive', isWalk: false, hasPins: true, askedAt: clock.now(), others } as const
      const page = await account.answer({ statuses: ['pinned'], limit: 1 }, since, check, mayRead)
      return page && { count: page.count, ids: page.pins.map(({ requestId }) => requestId) }
    },
    /** Returns whether the account shows a page of these pins to be whole, for a list that begins now. */
    shows: (page: readonly Pin[], mayRead: boolean) => {
      const check = { ask, class: 'interactive', isWalk: false, hasPins: true, askedAt: clock.now(), others } as const
      return account.shows({ query: LIST, page: { count: null, pins: page }, check }, mayRead)
    },
  }
}

describe('all pins of an account', () => {
  it('answer lists of operations that began before they were requested, newest first', async () => {
    const { clock, requests, answer } = createAccount()
    const newest = { count: 2, ids: ['id-2'] }
    expect([await answer(1000, false), await answer(1000, true), await answer(900, false)]).toEqual([
      null,
      newest,
      newest,
    ])
    expect(requests()).toBe(1)
    await clock.advance(1)
    expect(await answer(1001, false)).toBe(null)
    expect([await answer(1001, true), requests()]).toEqual([newest, 2])
  })

  it('answer nothing after a change, until they are read again', async () => {
    const { requests, answer, change } = createAccount()
    await answer(1000, true)
    change()
    expect(await answer(1000, false)).toBe(null)
    expect([await answer(1000, true), requests()]).toEqual([{ count: 2, ids: ['id-2'] }, 2])
  })

  it('show for each list in progress whether it is whole, by one request', async () => {
    const { pins, requests, shows } = createAccount()
    expect(await shows(pins, true)).toBe(true)
    expect(await shows(pins.slice(1), true)).toBe(false)
    expect(requests()).toBe(1)
  })

  it('show nothing for a list that began after they were requested, since pins may have come', async () => {
    const { clock, pins, requests, shows } = createAccount()
    const page = [...pins]
    expect(await shows(page, true)).toBe(true)
    await clock.advance(1)
    pins.push(examplePin(3))
    expect(await shows(page, false)).toBe(false)
    expect(requests()).toBe(1)
    expect(await shows(page, true)).toBe(false)
    expect(requests()).toBe(2)
  })

  it('are let go when no list is in progress', async () => {
    const { account, pins, shows } = createAccount()
    expect(await shows(pins, true)).toBe(true)
    account.forget()
    expect(await shows(pins, false)).toBe(false)
  })
})
