import { expect, it } from 'vitest'
import { FieldRoom } from '../../../../../src/server/graphql/limits/field-room.ts'

function createRoom(maxFields: number) {
  const ended: object[] = []
  const room = new FieldRoom((context) => ended.push(context), maxFields)
  return { room, ended }
}

it('the operation with the most fields is ended when all together have too many', () => {
  const { room, ended } = createRoom(1_000)
  const [small, large] = [{}, {}]
  room.take(large, 400)
  room.take(small, 300)
  room.take(large, 200)
  expect(ended).toEqual([])
  room.take(small, 150)
  expect(ended).toEqual([large])
  expect(ended[0]).toBe(large)
  expect(room.fields).toBe(450)
})

it('an operation that is larger than the room is ended by itself', () => {
  const { room, ended } = createRoom(1_000)
  const [small, large] = [{}, {}]
  room.take(small, 900)
  room.take(large, 1_001)
  expect(ended).toHaveLength(1)
  expect(ended[0]).toBe(large)
  expect(room.fields).toBe(900)
})

it('the room of an operation that has its answer is free', () => {
  const { room, ended } = createRoom(1_000)
  for (let n = 0; n < 10; n++) {
    const context = {}
    room.take(context, 900)
    room.leave(context)
  }
  expect(ended).toEqual([])
  expect(room.fields).toBe(0)
})

it('a few fields are not counted', () => {
  const { room, ended } = createRoom(1_000)
  for (let n = 0; n < 100; n++) room.take({}, 99)
  expect(ended).toEqual([])
  expect(room.fields).toBe(0)
})
