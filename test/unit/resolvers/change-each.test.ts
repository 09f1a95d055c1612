import { expect, it } from 'vitest'
import { PinNotFoundError } from '../../../src/domain/errors.ts'
import { changeEach } from '../../../src/resolvers/change-each.ts'

const gone = new PinNotFoundError('one', 'r1')

it('prepares all items before it changes any, and changes none whose preparation failed', async () => {
  const log: string[] = []
  const results = await changeEach(
    ['a', 'b', 'c'],
    'ids',
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
    (item) => item,
    (item) => (item === 1 ? Promise.reject(gone) : Promise.resolve(item)),
  )

  expect(results).toEqual([gone, 2])
})

it('lets a bug through, and leaves no other rejection behind', async () => {
  const items = Array.from({ length: 50 }, (_, index) => index)
  const fails = () => Promise.reject(new TypeError('bug'))

  await expect(changeEach(items, 'ids', fails, fails)).rejects.toThrow('bug')
  await expect(changeEach(items, 'ids', (item) => item, fails)).rejects.toThrow('bug')
})
