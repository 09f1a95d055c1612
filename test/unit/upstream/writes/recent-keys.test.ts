import { expect, it } from 'vitest'
import { RecentKeys } from '../../../../src/upstream/writes/recent-keys.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

it('remembers each key for its time, the oldest first, and forgets on demand', async () => {
  const clock = new VirtualClock()
  const recent = new RecentKeys<number>(clock, 60_000)
  recent.set('a', 1)
  recent.set('b', 2)
  await clock.advance(30_000)
  recent.set('c', 3)
  recent.set('a', 4)

  expect([...recent.entries()]).toEqual([
    ['b', 2],
    ['c', 3],
    ['a', 4],
  ])
  await clock.advance(30_000)
  expect([recent.has('a'), recent.has('b'), recent.has('c')]).toEqual([true, false, true])
  recent.delete('c')
  expect([...recent.entries()]).toEqual([['a', 4]])
  await clock.advance(30_000)
  expect([...recent.entries()]).toEqual([])
})

it('forgets the oldest of more than 10,000 keys', () => {
  const recent = new RecentKeys<number>(new VirtualClock(), 60_000)
  for (let i = 0; i <= 10_000; i++) recent.set(`${i}`, i)
  expect([...recent.entries()]).toHaveLength(10_000)
  expect([recent.has('0'), recent.has('1'), recent.has('10000')]).toEqual([false, true, true])
})
