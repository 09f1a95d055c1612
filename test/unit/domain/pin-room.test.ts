import { expect, it } from 'vitest'
import { PinRoom } from '../../../src/domain/pin-room.ts'

it('takes the largest share from the service with the most, and leaves all others alone', () => {
  const room = new PinRoom(100)
  const lost: string[] = []
  const open = (service: string, name: string) => room.open(service, () => lost.push(name))
  const honest = open('honest', 'honest')
  honest.take(40)
  const hostile = [open('hostile', 'a'), open('hostile', 'b'), open('hostile', 'c')] as const
  hostile[0].take(15)
  hostile[1].take(30)
  expect(room.bytes).toBe(85)
  // The honest share is the largest of all. But the hostile service has more than the honest one.
  hostile[2].take(20)

  expect(lost).toEqual(['b'])
  expect([honest, ...hostile].map(({ isLost }) => isLost)).toEqual([false, false, true, false])
  expect(room.bytes).toBe(75)
  hostile[1].take(1_000)
  expect(room.bytes).toBe(75)
})

it('gets room back, and all of it from a share that is disposed', () => {
  const room = new PinRoom(100)
  const share = room.open('one')
  share.take(80)
  share.take(-50)
  expect(room.bytes).toBe(30)
  share[Symbol.dispose]()
  expect([room.bytes, share.isLost]).toEqual([0, true])
  room.open('one').take(100)
  expect(room.bytes).toBe(100)
})

it('is not filled by an account of 100,000 pins', () => {
  const share = new PinRoom().open('one')
  share.take(100_000 * 1_000)
  expect(share.isLost).toBe(false)
})
