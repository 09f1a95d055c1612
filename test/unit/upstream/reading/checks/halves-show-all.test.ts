import { describe, expect, it } from 'vitest'
import { parseInstant } from '../../../../../src/domain/instant.ts'
import { PIN_STATUSES, type Pin } from '../../../../../src/domain/pin.ts'
import { createPinFilter, type ListQuery } from '../../../../../src/upstream/http/list-query.ts'
import { SPECIFIED_CAPABILITIES } from '../../../../../src/upstream/providers/capabilities.ts'
import { halvesShowAll } from '../../../../../src/upstream/reading/checks/halves-show-all.ts'
import { examplePin } from '../../../../support/upstream/lookup-harness.ts'

const LIST = { statuses: PIN_STATUSES, limit: 1000 }

function pinsAt(seconds: readonly number[]): Pin[] {
  return seconds.map((second, n) => ({
    ...examplePin(n),
    created: parseInstant(new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString()),
  }))
}

/** Returns whether the halves show a list to be whole, at a service that lists at most `cutAt` pins. */
function isShown(pins: readonly Pin[], cutAt: number, change: (query: ListQuery) => ListQuery = (query) => query) {
  const list = (query: ListQuery) => {
    const found = pins.filter(createPinFilter(change(query))).slice(0, cutAt)
    return { count: found.length, pins: found }
  }
  return halvesShowAll(LIST, list(LIST), SPECIFIED_CAPABILITIES, async (query) => list(query))
}

describe('two halves of a list', () => {
  it('show it to be whole in whatever order, and not if it was cut', async () => {
    const pins = pinsAt(Array.from({ length: 60 }, (_, n) => (n * 37) % 60))
    expect([await isShown(pins, 1000), await isShown(pins, 60)]).toEqual([true, true])
    for (const cutAt of [59, 40, 30, 10]) expect(await isShown(pins, cutAt), String(cutAt)).toBe(false)
  })

  it('show nothing where times are ignored, or all pins share a second', async () => {
    const pins = pinsAt(Array.from({ length: 60 }, (_, n) => n))
    expect(await isShown(pins, 1000, ({ before: _, after: __, ...query }) => query)).toBe(false)
    expect(await isShown(pins, 1000, ({ after: _, ...query }) => query)).toBe(false)
    expect(await isShown(pinsAt(Array.from({ length: 60 }, () => 5)), 1000)).toBe(false)
  })

  it('show nothing where bounds are rounded so that pins are in neither', async () => {
    const pins = pinsAt(Array.from({ length: 60 }, (_, n) => n * 10))
    const minute = (time: string): number => Math.floor(Date.parse(time) / 60_000) * 60_000
    const shrink = ({ before, after, ...query }: ListQuery): ListQuery => ({
      ...query,
      ...(before && { before: new Date(minute(before)).toISOString() }),
      ...(after && { after: new Date(minute(after) + 60_000).toISOString() }),
    })
    expect(await isShown(pins, 1000, shrink)).toBe(false)
  })
})
