import { expect, it } from 'vitest'
import { Stop } from '../../../../src/upstream/waiting/stop.ts'
import { LISTS } from '../../../support/upstream/budget-harness.ts'
import { createLookups, examplePin, range } from '../../../support/upstream/lookup-harness.ts'

it('lookups take turns between callers, so that a lone lookup is in the next list, whatever the other has waiting', async () => {
  const { requests, lookUp, clock } = createLookups(range(1000).map(examplePin), { limits: [LISTS] })
  const [greedy, lone] = ['greedy', 'lone'].map((caller) => new Stop({ asker: { caller } }))
  range(180).map((n) => lookUp(n, { isContent: true, signal: greedy }))
  await clock.advance(0)
  expect(requests).toHaveLength(15)
  const looked = lookUp(999, { isContent: true, signal: lone })
  await clock.advance(4100)
  expect(looked.outcome).toEqual(['id-999'])
  expect(requests).toHaveLength(16)
})
