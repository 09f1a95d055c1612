import { expect, it } from 'vitest'
import { RequestRoom } from '../../../src/domain/request-room.ts'

function startRoom(mostBytes: number) {
  const room = new RequestRoom(mostBytes)
  const lost: string[] = []
  const open = (address: string, name: string) => room.open(address, () => void lost.push(name))
  return { room, lost, open }
}

it('takes the oldest share from the address with the most bytes', () => {
  const { room, lost, open } = startRoom(100)
  open('honest', 'first of all').set(20)
  open('greedy', 'old').set(40)
  open('greedy', 'young').set(30)
  open('other', 'last').set(30)

  expect([lost, room.bytes]).toEqual([['old'], 80])
})

it('takes nothing while all bytes have room, and forgets those that are given back', () => {
  const { room, lost, open } = startRoom(100)
  const share = open('a', 'a')
  for (let n = 0; n < 10; n++) {
    share.set(100)
    share.set(0)
  }

  expect([lost, room.bytes]).toEqual([[], 0])
})

it('takes as many shares as it must, and a lost share takes no more', () => {
  const { room, lost, open } = startRoom(100)
  const shares = ['a', 'b', 'c'].map((name) => open('one', name))
  for (const share of shares) share.set(30)
  open('one', 'd').set(80)
  for (const share of shares) share.set(90)

  expect([lost, room.bytes]).toEqual([['a', 'b', 'c'], 80])
})

it('takes a share that is too long by itself', () => {
  const { room, lost, open } = startRoom(100)
  open('one', 'huge').set(101)

  expect([lost, room.bytes]).toEqual([['huge'], 0])
})
