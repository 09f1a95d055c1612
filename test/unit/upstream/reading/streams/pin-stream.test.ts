import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../../../src/domain/cid.ts'
import { formatInstant, parseInstant } from '../../../../../src/domain/instant.ts'
import { PIN_STATUSES, type Pin } from '../../../../../src/domain/pin.ts'
import { comparePositions } from '../../../../../src/domain/pin-order.ts'
import { PinRoom } from '../../../../../src/domain/pin-room.ts'
import type { ListQuery } from '../../../../../src/upstream/http/list-query.ts'
import { LearnedCapabilities } from '../../../../../src/upstream/learning/learned-capabilities.ts'
import { ListProofs } from '../../../../../src/upstream/learning/list-proofs.ts'
import { SPECIFIED_CAPABILITIES } from '../../../../../src/upstream/providers/capabilities.ts'
import { PinStream } from '../../../../../src/upstream/reading/streams/pin-stream.ts'

const ALL = { statuses: PIN_STATUSES }
const cid = parseCid('bafkqablimvwgy3y')

/** Pins created at these milliseconds, in a service that does as the specification says. Notes the requests. */
function sourceOf(times: readonly number[]) {
  const pins = times.map((ms, n): Pin => {
    const created = parseInstant(formatInstant(BigInt(ms) * 1_000_000n, 3))
    const parts = { name: null, origins: [], meta: {}, delegates: [], info: {} }
    return { ...parts, service: 'one', requestId: `pin-${n}`, status: 'pinned', cid, created }
  })
  pins.sort(comparePositions)
  const known = new LearnedCapabilities(SPECIFIED_CAPABILITIES)
  const proofs = new ListProofs(known)
  const requests: ListQuery[] = []
  const source = {
    service: 'one',
    known,
    proofs,
    room: new PinRoom(),
    get capabilities() {
      return known.current
    },
    splitQuery: () => [ALL],
    listPins: async (query: ListQuery) => {
      requests.push(query)
      const before = query.before === undefined ? null : parseInstant(query.before).ns
      const matching = pins.filter(({ created }) => before === null || created.ns < before)
      const page = { count: matching.length, pins: matching.slice(0, query.limit) }
      known.observePage(query, page)
      proofs.observe(query, page)
      return page
    },
  }
  return { source, requests, pins }
}

/** Few at one instant, so that pages can be cut. */
const times = fc.array(fc.nat(60), { maxLength: 80, size: 'max' })

describe('PinStream', () => {
  it('returns the same pins in one go as one by one, with the same requests', async () => {
    await fc.assert(
      fc.asyncProperty(times, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), async (at, counts) => {
        const expected = counts[0] as number
        const single = sourceOf(at)
        const singly = new PinStream(single.source, ALL, { expected })
        const several = sourceOf(at)
        const stream = new PinStream(several.source, ALL, { expected })
        for (const count of counts) {
          const pins: Pin[] = []
          for (let next = await singly.peek(); next && pins.length < count; ) {
            pins.push(next)
            singly.shift()
            if (pins.length < count) next = await singly.peek()
          }
          expect(await stream.take(count)).toEqual(pins)
          expect(several.requests).toEqual(single.requests)
        }
      }),
    )
  })

  it('returns all pins in one go, in order and each pin once', async () => {
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 30 }), async (at, expected) => {
        const { source, pins } = sourceOf(at)
        const stream = new PinStream(source, ALL, { expected })
        expect(await stream.take(Number.POSITIVE_INFINITY)).toEqual(pins)
        expect(await stream.take(1)).toEqual([])
        expect(await stream.hasMore()).toBe(false)
      }),
    )
  })

  it('shows a pin once that a list has twice, with two times', async () => {
    const { source, pins } = sourceOf([50])
    const [pin] = pins as [Pin]
    pins.push({ ...pin, created: parseInstant(formatInstant(0n, 3)) })
    expect(await new PinStream(source, ALL, { expected: 10 }).take(10)).toEqual([pin])
  })

  it('ends with an error when no answer is ever of use, so that it would ask the same again and again', async () => {
    const { source, requests } = sourceOf([1, 2, 3])
    // As if each answer taught something new, so that the list has to be read again.
    let answers = 0
    const taught = { ...SPECIFIED_CAPABILITIES, order: 'none' as const }
    const stuck = Object.defineProperty({ ...source }, 'capabilities', {
      get: () => ({ ...taught, maxCids: ++answers }),
    })
    const stream = new PinStream(stuck, ALL, { expected: 10 })

    await expect(stream.take(10)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' })
    expect(requests).toHaveLength(100)
  })
})
