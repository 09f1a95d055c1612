import { describe, expect, it } from 'vitest'
import { PinNotFoundError, RateLimitedError, ServiceUnavailableError } from '../../../../../src/domain/errors.ts'
import type { RateLimit } from '../../../../../src/upstream/budget/rate-limit.ts'
import { mostInAnyWindow } from '../../../../support/sliding-log.ts'
import { createLookups, examplePin, range } from '../../../../support/upstream/lookup-harness.ts'

const PINATA: RateLimit[] = [
  { limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list' },
  { limit: 250, windowMs: 60_000, scope: 'token', endpoint: 'item' },
]

const textOf = (n: number) => examplePin(n).cid.text

describe('LookupQueue with an idle budget', () => {
  it('asks for a lone pin in the same turn, by its id', async () => {
    const { requests, lookUp, clock } = createLookups(range(5).map(examplePin))
    const looked = lookUp(3)
    await clock.advance(0)
    expect(requests).toEqual([{ at: 1000, asked: 'id-3' }])
    expect(looked.outcome).toEqual(['id-3'])
  })

  it('asks for a lone CID in the same turn, by a list', async () => {
    const twice = { ...examplePin(3), requestId: 'id-3-again' }
    const { requests, lookUp, clock } = createLookups([...range(5).map(examplePin), twice])
    const looked = lookUp(3, { isContent: true })
    await clock.advance(0)
    expect(requests).toEqual([{ at: 1000, asked: [textOf(3)] }])
    expect(looked.outcome).toEqual(['id-3', 'id-3-again'])
  })

  it('requests ten CIDs at a time for all lookups of one turn', async () => {
    const { requests, lookUp, clock } = createLookups(range(100).map(examplePin))
    const looked = range(25).map((n) => lookUp(n))
    await clock.advance(0)
    expect(requests).toEqual(
      [0, 10, 20].map((first) => ({ at: 1000, asked: range(first < 20 ? 10 : 5, first).map(textOf) })),
    )
    expect(looked.map(({ outcome }) => outcome)).toEqual(range(25).map((n) => [`id-${n}`]))
  })

  it('asks once for any number of pins of one CID, and finds nothing for an id that is not among them', async () => {
    const pins = range(20).map((n) => ({ ...examplePin(7), requestId: `id-${n}` }))
    const { requests, clock, lookUp } = createLookups(pins)
    const looked = [lookUp(7), lookUp(7, { isContent: true }), lookUp(8)]
    await clock.advance(0)
    expect(requests.length).toBe(1)
    expect(looked.map(({ outcome }) => outcome)).toEqual([['id-7'], range(20).map((n) => `id-${n}`), []])
  })

  it('reports that a pin does not exist if the pin itself was requested', async () => {
    const { lookUp, clock } = createLookups([])
    const looked = lookUp(1)
    await clock.advance(0)
    expect(looked.outcome).toBeInstanceOf(PinNotFoundError)
  })

  it('takes fewer CIDs where the service takes fewer, or where head or URL have no room', async () => {
    const one = createLookups(range(3).map(examplePin), { capabilities: { maxCids: 1 } })
    range(3).map((n) => one.lookUp(n, { isContent: true }))
    await one.clock.advance(0)
    expect(one.requests.map(({ asked }) => asked)).toEqual(range(3).map((n) => [textOf(n)]))

    const small = createLookups(range(8).map(examplePin), { capabilities: { maxHeadBytes: 705 + 2 * 65 } })
    range(8).map((n) => small.lookUp(n))
    await small.clock.advance(60)
    expect(small.requests.every(({ asked }) => asked.length <= 2)).toBe(true)
    expect(small.requests.flatMap(({ asked }) => asked)).toEqual(range(8).map(textOf))
  })
})

describe('LookupQueue under pressure', () => {
  it('makes larger requests by itself: 1,000 pins cost 100 requests, in time and within the limit', async () => {
    const { requests, lookUp, clock } = createLookups(range(1000).map(examplePin))
    const looked = range(1000).map((n) => lookUp(n))
    await clock.advance(1500)
    expect(looked.map(({ outcome }) => outcome)).toEqual(range(1000).map((n) => [`id-${n}`]))
    expect(requests.length).toBe(100)
    expect(
      mostInAnyWindow(
        requests.map(({ at }) => at),
        1000,
      ),
    ).toBeLessThanOrEqual(100)
  })

  it('shares the waiting request of others with new lookups', async () => {
    const { requests, lookUp, clock } = createLookups(range(100).map(examplePin))
    // Half of the limit at once, then one that waits for the next slot.
    for (const n of range(51)) {
      lookUp(n)
      await clock.advance(0)
    }
    expect(requests.length).toBe(50)
    const looked = range(6, 51).map((n) => lookUp(n))
    await clock.advance(25)
    expect(requests.slice(50).map(({ asked }) => asked)).toEqual([range(7, 50).map(textOf)])
    expect(looked.map(({ outcome }) => outcome)).toEqual(range(6, 51).map((n) => [`id-${n}`]))
  })

  it('asks for a lone pin by its id even after others that waited with it have gone', async () => {
    const { requests, lookUp, clock } = createLookups(range(100).map(examplePin))
    for (const n of range(50)) {
      lookUp(n)
      await clock.advance(0)
    }
    const leaver = new AbortController()
    lookUp(50)
    range(5, 51).map((n) => lookUp(n, { signal: leaver.signal }))
    await clock.advance(1)
    leaver.abort()
    await clock.advance(25)
    expect(requests.slice(50).map(({ asked }) => asked)).toEqual(['id-50'])
  })

  it('sends no more requests than allowed while lookups keep coming', async () => {
    const { requests, lookUp, clock } = createLookups(range(2000).map(examplePin))
    const looked: { outcome: unknown }[] = []
    for (let n = 0; n < 2000; n += 2) {
      looked.push(lookUp(n), lookUp(n + 1))
      await clock.advance(5)
    }
    await clock.advance(100)
    expect(looked.every(({ outcome }, n) => JSON.stringify(outcome) === `["id-${n}"]`)).toBe(true)
    expect(
      mostInAnyWindow(
        requests.map(({ at }) => at),
        1000,
      ),
    ).toBeLessThanOrEqual(100)
  })
})

describe('LookupQueue and one list of everything', () => {
  it('asks for all pins at once where they fit one list and more than ten CIDs wait', async () => {
    const { requests, lookUp, clock } = createLookups(range(900).map(examplePin), { total: 900 })
    const looked = range(900).map((n) => lookUp(n, { isContent: n % 2 === 0 }))
    await clock.advance(0)
    expect(requests.map(({ asked }) => asked)).toEqual(['all'])
    expect(looked.map(({ outcome }) => outcome)).toEqual(range(900).map((n) => [`id-${n}`]))
  })

  it('asks by CID for up to ten', async () => {
    const { requests, lookUp, clock } = createLookups(range(900).map(examplePin), { total: 900 })
    range(10).map((n) => lookUp(n))
    await clock.advance(0)
    expect(requests.map(({ asked }) => asked)).toEqual([range(10).map(textOf)])
  })

  it('answers rightly when pins were added since, for one request more', async () => {
    const { requests, lookUp, clock } = createLookups(range(1500).map(examplePin), { total: 900 })
    const looked = range(50, 1000).map((n) => lookUp(n, { isContent: true }))
    await clock.advance(100)
    expect(looked.map(({ outcome }) => outcome)).toEqual(range(50, 1000).map((n) => [`id-${n}`]))
    expect(requests.map(({ asked }) => (asked === 'all' ? asked : asked.length))).toEqual(['all', 10, 10, 10, 10, 10])
  })

  it('does not ask for a list again that the service cut shorter than it should', async () => {
    const short = createLookups(range(50).map(examplePin), { total: 40, capabilities: { maxLimit: 30 } })
    range(50).map((n) => short.lookUp(n))
    await short.clock.advance(100)
    expect(short.requests.map(({ asked }) => asked.length)).toEqual([10, 10, 10, 10, 10])
  })

  it('reads on where even ten CIDs have more pins than a list holds', async () => {
    const pins = range(1200).map((n) => ({ ...examplePin(7), requestId: `id-${n}` }))
    const { requests, lookUp, clock } = createLookups(pins)
    const looked = lookUp(7, { isContent: true })
    await clock.advance(0)
    expect(requests.map(({ asked }) => asked)).toEqual([[textOf(7)], ['collect', textOf(7)]])
    expect(looked.outcome).toHaveLength(1200)
  })

  it('reads everything once for all that wait where the service does not look at CIDs', async () => {
    const { requests, lookUp, clock } = createLookups(range(50).map(examplePin), {
      capabilities: { cidFilter: 'loose' },
    })
    const looked = range(30).map((n) => lookUp(n, { isContent: n % 2 === 0 }))
    await clock.advance(0)
    expect(requests.map(({ asked }) => asked)).toEqual([['collect']])
    expect(looked.map(({ outcome }) => outcome)).toEqual(range(30).map((n) => [`id-${n}`]))
    range(2).map((n) => lookUp(n))
    await clock.advance(0)
    expect(requests.at(-1)?.asked).toBe('all')
    lookUp(1)
    await clock.advance(0)
    expect(requests.at(-1)?.asked).toBe('id-1')
  })

  it('asks for a few pins one by one where reading everything would cost more', async () => {
    const capabilities = { cidFilter: 'unusable' } as const
    const { requests, lookUp, clock } = createLookups(range(50).map(examplePin), { total: 5000, capabilities })
    range(4).map((n) => lookUp(n))
    await clock.advance(20)
    expect(requests.map(({ asked }) => asked)).toEqual(range(4).map((n) => `id-${n}`))
    range(20).map((n) => lookUp(n))
    await clock.advance(20)
    expect(requests.slice(4).map(({ asked }) => asked)).toEqual([['collect']])
  })
})

describe('LookupQueue at limits like Pinata’s', () => {
  it('asks for a few pins one by one, which leaves the 30 lists a minute alone', async () => {
    const { requests, lookUp, clock } = createLookups(range(100).map(examplePin), { limits: PINATA })
    const looked = range(7).map((n) => lookUp(n))
    await clock.advance(0)
    expect(requests.map(({ asked }) => asked)).toEqual(range(7).map((n) => `id-${n}`))
    expect(looked.map(({ outcome }) => outcome)).toEqual(range(7).map((n) => [`id-${n}`]))
  })

  it('asks for a pin at once although lists have to wait', async () => {
    const { requests, lookUp, clock, service } = createLookups(range(100).map(examplePin), { limits: PINATA })
    service.budget.observe({
      tenantKey: 'alice',
      endpoint: 'list',
      status: 429,
      retryAfterMs: 60_000,
      grantedAt: clock.now(),
    })
    const [pin, content] = [lookUp(1), lookUp(2, { isContent: true })]
    await clock.advance(0)
    expect(pin.outcome).toEqual(['id-1'])
    expect(content.outcome).toBeInstanceOf(RateLimitedError)
    expect(requests.map(({ asked }) => asked)).toEqual(['id-1'])
  })

  it('refuses lookups at once that cannot be served in time, with the time to retry, and serves the others', async () => {
    const { requests, lookUp, clock } = createLookups(range(1000).map(examplePin), { limits: PINATA })
    const looked = range(1000).map((n) => lookUp(n, { isContent: true }))
    await clock.advance(0)
    const toldMs = looked.flatMap(({ outcome }) => (outcome instanceof RateLimitedError ? [outcome.retryAfterMs] : []))
    expect(toldMs).toHaveLength(800)
    // Ten lookups share a list, and so they share a time.
    expect(new Set(toldMs).size).toBe(80)
    expect(toldMs[0]).toBeCloseTo(24_020, -2)
    toldMs.slice(1).forEach((ms, index) => {
      expect(ms).toBeGreaterThanOrEqual(toldMs[index] ?? ms)
    })

    await clock.advance(22_000)
    const found = looked.filter(({ outcome }) => Array.isArray(outcome))
    expect(found).toHaveLength(200)
    expect(requests).toHaveLength(20)
  })
})

describe('LookupQueue and callers that go', () => {
  it('rejects at once with the abort reason of each caller, and leaves the queue when no caller waits', async () => {
    const { requests, lookUp, clock, budget } = createLookups(range(100).map(examplePin))
    for (const n of range(50)) {
      lookUp(n)
      await clock.advance(0)
    }
    const leaver = new AbortController()
    const looked = range(5, 50).map((n) => lookUp(n, { signal: leaver.signal }))
    await clock.advance(1)
    expect(budget.waiting).toBe(1)
    const reason = new Error('went away')
    leaver.abort(reason)
    await clock.advance(0)
    expect(looked.map(({ outcome }) => outcome)).toEqual(Array(5).fill(reason))
    expect(budget.waiting).toBe(0)
    await clock.advance(100)
    expect(requests.length).toBe(50)
  })

  it('serves a caller that comes at the moment in which the last one leaves', async () => {
    const { lookUp, clock } = createLookups(range(100).map(examplePin))
    for (const n of range(50)) {
      lookUp(n)
      await clock.advance(0)
    }
    const leaver = new AbortController()
    lookUp(50, { signal: leaver.signal })
    await clock.advance(1)
    leaver.abort()
    const looked = lookUp(51)
    await clock.advance(50)
    expect(looked.outcome).toEqual(['id-51'])
  })

  it('stops a request under way when the last of its callers goes, and not before', async () => {
    const { aborted, lookUp, clock } = createLookups(range(20).map(examplePin), { answersInMs: 100 })
    const leavers = [new AbortController(), new AbortController()]
    leavers.map(({ signal }, n) => lookUp(n, { signal }))
    await clock.advance(10)
    leavers[0]?.abort()
    expect(aborted).toEqual([])
    leavers[1]?.abort()
    expect(aborted).toEqual([[textOf(0), textOf(1)]])
  })
})

describe('LookupQueue and failures', () => {
  it('hands a failed request to its own callers only', async () => {
    const down = new ServiceUnavailableError('test answered 500', { service: 'test' })
    const fail = (asked: unknown) => (Array.isArray(asked) && asked.includes(textOf(0)) ? down : undefined)
    const { lookUp, clock } = createLookups(range(20).map(examplePin), { fail })
    const looked = range(15).map((n) => lookUp(n))
    await clock.advance(2000)
    expect(looked.map(({ outcome }) => outcome)).toEqual([
      ...Array(10).fill(down),
      ...range(5, 10).map((n) => [`id-${n}`]),
    ])
  })

  it('fails all that wait together when the service does not come back', async () => {
    const down = new ServiceUnavailableError('test answered 500', { service: 'test' })
    const { requests, lookUp, clock } = createLookups([], { fail: () => down })
    const first = [lookUp(1), lookUp(2, { isContent: true })]
    await clock.advance(5500)
    expect(first.map(({ outcome }) => outcome)).toEqual([down, down])
    const before = requests.length
    const looked = range(20).map((n) => lookUp(n))
    await clock.advance(5000)
    expect(looked.every(({ outcome }) => outcome instanceof ServiceUnavailableError)).toBe(true)
    // A trial a second.
    expect(requests.length - before).toBeLessThanOrEqual(5)
  })

  it('leaves no timer behind', async () => {
    const { lookUp, clock, budget } = createLookups(range(100).map(examplePin), { answersInMs: 30 })
    for (const n of range(100)) {
      lookUp(n, n % 7 === 0 ? { signal: AbortSignal.abort(new Error('gone')) } : {})
      if (n % 10 === 0) await clock.advance(3)
    }
    await clock.advance(60_000)
    expect([clock.pendingTimers, budget.waiting]).toEqual([0, 0])
  })
})
