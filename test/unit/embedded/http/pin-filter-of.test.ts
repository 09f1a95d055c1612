import { expect, it } from 'vitest'
import { pinFilterOf } from '../../../../src/embedded/http/pin-filter-of.ts'
import { parseListQuery } from '../../../../src/psa/parse-list-query.ts'

const boundsOf = (time: string) => {
  const { before, after } = pinFilterOf(parseListQuery(new URLSearchParams({ before: time, after: time })))
  return { before, after }
}

it.each([
  ['1970-01-01T00:00:01Z', { before: 1_000, after: 1_000 }],
  ['1970-01-01T00:00:01.0000001Z', { before: 1_001, after: 1_000 }],
  ['1970-01-01T00:00:01.999999999Z', { before: 2_000, after: 1_999 }],
  ['1969-12-31T23:59:59.9949Z', { before: -5, after: -6 }],
])('rounds %s so that both bounds stay exclusive for whole milliseconds', (time, bounds) => {
  expect(boundsOf(time)).toEqual(bounds)
})
