import { expect, it } from 'vitest'
import { PinNotFoundError } from '../../../src/domain/errors.ts'
import { UnexpectedError } from '../../../src/domain/unexpected-error.ts'
import { changeEach } from '../../../src/resolvers/change-each.ts'
import type { FailureMaker } from '../../../src/resolvers/outcome.ts'
import { Stop } from '../../../src/upstream/waiting/stop.ts'

const gone = new PinNotFoundError('one', 'r1')
const context: FailureMaker = { signal: new Stop(), unexpected: (bug) => new UnexpectedError(bug) }

it('prepares all items before it changes any, and changes none whose preparation failed', async () => {
  const log: string[] = []
  const results = await changeEach(
    ['a', 'b', 'c'],
    'ids',
    context,
    (item) => {
      log.push(`prepare ${item}`)
      if (item === 'b') throw gone
      return item.toUpperCase()
    },
    async (item) => {
      log.push(`change ${item}`)
      return item
    },
  )

  expect(results).toEqual(['A', gone, 'C'])
  expect(log).toEqual(['prepare a', 'prepare b', 'prepare c', 'change A', 'change C'])
})

it('makes an expected failure the result of its item', async () => {
  const results = await changeEach(
    [1, 2],
    'ids',
    context,
    (item) => item,
    (item) => (item === 1 ? Promise.reject(gone) : Promise.resolve(item)),
  )

  expect(results).toEqual([gone, 2])
})

it('makes a bug the result of its item, and changes all others', async () => {
  const bug = new TypeError('bug')
  const results = await changeEach(
    ['prepared badly', 'changed badly', 'good'],
    'ids',
    context,
    (item) => (item === 'prepared badly' ? Promise.reject(bug) : item),
    (item) => (item === 'changed badly' ? Promise.reject(bug) : Promise.resolve(item)),
  )

  expect(results).toEqual([new UnexpectedError(bug), new UnexpectedError(bug), 'good'])
})

it('lets the reason of an abort through, and leaves no other rejection behind', async () => {
  const signal = new Stop()
  const reason = new Error('the client has left')
  signal.abort(reason)
  const items = Array.from({ length: 50 }, (_, index) => index)
  const fails = () => Promise.reject(reason)

  await expect(changeEach(items, 'ids', { ...context, signal }, fails, fails)).rejects.toBe(reason)
  await expect(changeEach(items, 'ids', { ...context, signal }, (item) => item, fails)).rejects.toBe(reason)
})
