import fc from 'fast-check'
import { expect, it } from 'vitest'
import { QueuedElsewhere } from '../../../../src/upstream/budget/queued-elsewhere.ts'

it('counts the requests of others that have their turns before, without the first of each', () => {
  const counts = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 1_000 })), {
    minLength: 1,
    maxLength: 60,
  })
  fc.assert(
    fc.property(counts, fc.integer({ min: 0, max: 20 }), (tenants, requests) => {
      const elsewhere = new QueuedElsewhere()
      const queues = tenants.map(() => ({}))
      tenants.forEach((count, index) => {
        elsewhere.add(queues[index] ?? {}, () => count)
      })
      const expected = tenants.slice(1).reduce((sum, count) => sum + Math.max(0, Math.min(count, requests) - 1), 0)
      expect(elsewhere.ahead(queues[0] ?? {}, requests)).toBe(expected)
    }),
  )
})

it('asks few of a thousand tenants for each estimate', () => {
  const elsewhere = new QueuedElsewhere()
  let asked = 0
  for (let tenant = 0; tenant < 1_000; tenant++)
    elsewhere.add({}, () => {
      asked++
      return 10
    })
  for (let estimate = 0; estimate < 1_000; estimate++) expect(elsewhere.ahead({}, 5)).toBe(4_000)
  expect(asked).toBeLessThan(20_000)
})

it('sees a little later what tenants add and remove', () => {
  const elsewhere = new QueuedElsewhere()
  let count = 2
  const leave: (() => void)[] = []
  for (let tenant = 0; tenant < 32; tenant++) leave.push(elsewhere.add({}, () => count))
  expect(elsewhere.ahead({}, 10)).toBe(32)
  count = 4
  for (let estimate = 0; estimate < 3; estimate++) elsewhere.ahead({}, 10)
  expect(elsewhere.ahead({}, 10)).toBe(96)
  leave.slice(0, 16).forEach((each) => {
    each()
  })
  expect(elsewhere.ahead({}, 10)).toBe(48)
})
