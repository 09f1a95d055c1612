import { expect, it } from 'vitest'
import { EventLoopTurns } from '../../../../src/embedded/dag/event-loop-turns.ts'
import { OutOfRoomError, WalkRoom, type WalkShare } from '../../../../src/embedded/dag/walk-room.ts'

function open(room: WalkRoom, owner: number, pin: number): WalkShare & { isEvicted: () => boolean } {
  let isEvicted = false
  const share = room.open({ owner, pin }, () => {
    isEvicted = true
  })
  return { ...share, isEvicted: () => isEvicted }
}

it('takes the room from the youngest walk of the owner that has most of it', () => {
  const room = new WalkRoom(100)
  const [oldest, youngest] = [open(room, 1, 1), open(room, 1, 2)]
  const other = open(room, 2, 3)
  oldest.take(40)
  youngest.take(30)
  other.take(30)
  expect([oldest, youngest, other].map((each) => each.isEvicted())).toEqual([false, false, false])
  other.take(1)
  expect([oldest, youngest, other].map((each) => each.isEvicted())).toEqual([false, true, false])
  expect(() => youngest.take(1)).toThrow(OutOfRoomError)
})

it('lets a walk begin again when half of the room is free, and others at once', () => {
  const room = new WalkRoom(100)
  const first = open(room, 1, 1)
  first.take(60)
  expect(() => open(room, 1, 2).take(50)).toThrow(OutOfRoomError)
  expect(() => open(room, 1, 2)).toThrow(OutOfRoomError)
  open(room, 1, 3).take(10)
  first[Symbol.dispose]()
  open(room, 1, 2).take(50)
})

it('refuses a walk that needs more than all of the room, for good', () => {
  const room = new WalkRoom(100)
  expect(() => open(room, 1, 1).take(101)).toThrow('The DAG needs more than 100 bytes of memory to be walked')
})

it('runs long works in turns with the event loop, and each of them in time', async () => {
  const turns = new EventLoopTurns()
  let isOver = false
  const runs = Array.from({ length: 20 }, () => 0)
  const work = (i: number) => (until: number) => {
    while (performance.now() <= until);
    runs[i] = (runs[i] ?? 0) + 1
    if (!isOver) turns.next(work(i))
  }
  for (let i = 0; i < 20; i++) turns.next(work(i))
  let loops = 0
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      loops++
      if (loops < 40) setImmediate(turn)
      else resolve()
    }
    setImmediate(turn)
  })
  isOver = true
  // One work a turn: by 40 turns each of the 20 has run twice, within one.
  expect(Math.max(...runs) - Math.min(...runs)).toBeLessThanOrEqual(1)
  expect(runs.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(42)
})
