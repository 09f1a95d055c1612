import { expect, it } from 'vitest'
import { PIN_STATUSES } from '../../../../../src/domain/pin.ts'
import { createSearchedAccount, outcomesOf } from '../../../../support/upstream/search-at-once.ts'

it('lists of a stranger use its whole limit while answers are awaited', async () => {
  const account = createSearchedAccount({
    // More pins than a list has, so that no search is answered from the pins of another.
    perName: 1,
    others: 2_000,
    spread: ['pinned', 'queued', 'pinned', 'failed', 'pinning'],
    limits: [{ limit: 100, windowMs: 1_000, scope: 'address', endpoint: 'all' }],
    answersAfterMs: 200,
  })
  const searches = Array.from(
    { length: 400 },
    (_, n) => account.search(`search ${n}`, PIN_STATUSES, `caller ${n}`).search,
  )
  // At half of the limit, it would take eight seconds.
  await account.clock.advance(5_000)
  expect(outcomesOf(searches).answered).toHaveLength(400)
})
