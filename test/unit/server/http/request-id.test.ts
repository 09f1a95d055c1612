import { expect, it } from 'vitest'
import { requestIdOf } from '../../../../src/server/http/request-id.ts'

it.each(['abc', '0af7651916cd43dd8448eb211c80319c', 'a'.repeat(128), 'req:1.2-3_4'])('keeps the sane id %s', (id) => {
  expect(requestIdOf(id)).toBe(id)
})

it.each([undefined, '', 'a'.repeat(129), 'a b', 'a\nb', '<script>', ['a', 'b']])('replaces %j by a new id', (id) => {
  expect(requestIdOf(id)).toMatch(/^[\da-f-]{36}$/)
})
