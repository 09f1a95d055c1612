import { describe, expect, it } from 'vitest'
import { RateLimitedError } from '../../../../../src/domain/errors.ts'
import type { StopSignal } from '../../../../../src/upstream/waiting/stop.ts'
import { LISTS } from '../../../../support/upstream/budget-harness.ts'
import { operationOf } from '../../../../support/upstream/come-back.ts'
import { createLookups, examplePin, range } from '../../../../support/upstream/lookup-harness.ts'

const PINS = range(3000).map(examplePin)

describe('turns of lookups', () => {
  it.each([180, 600])('a lone lookup of a caller is in the next list, after %i of another caller', async (count) => {
    const { requests, lookUp, clock } = createLookups(PINS, { limits: [LISTS] })
    const [greedy, lone] = ['greedy', 'lone'].map((caller) => operationOf(caller))
    range(count).map((n) => lookUp(n, { isContent: true, signal: greedy }))
    await clock.advance(0)
    expect(requests).toHaveLength(15)
    const looked = lookUp(2999, { isContent: true, signal: lone })
    await clock.advance(4100)
    expect(looked.outcome).toEqual(['id-2999'])
    expect(requests).toHaveLength(16)
  })

  it('the lookup of the last of 35 callers is in one of the next four lists, although all others have more', async () => {
    const { requests, lookUp, clock } = createLookups(PINS, { limits: [LISTS] })
    range(150).map((n) => lookUp(n, { isContent: true }))
    await clock.advance(0)
    expect(requests).toHaveLength(15)
    for (const n of range(5 * 34)) lookUp(200 + n, { isContent: true, signal: operationOf(`caller-${n % 34}`) })
    const looked = lookUp(2999, { isContent: true, signal: operationOf('last') })
    await clock.advance(16_100)
    expect(requests).toHaveLength(19)
    expect(looked.outcome).toEqual(['id-2999'])
  })

  it('a caller that begins to wait for a lookup of another caller brings its own turn', async () => {
    const { requests, lookUp, clock } = createLookups(PINS, { limits: [LISTS] })
    const found: number[] = []
    const look = (n: number, signal: StopSignal) =>
      lookUp(n, { isContent: true, signal }).ended.then(() => found.push(n))
    const greedy = operationOf('greedy')
    for (const n of range(200)) void look(n, greedy)
    await clock.advance(0)
    expect(found).toHaveLength(150)
    void look(199, operationOf('lone'))
    await clock.advance(4100)
    expect(requests).toHaveLength(16)
    expect(found.at(150)).toBe(150)
    expect(found).toContain(199)
  })

  it('single pins that no list can find leave by turns', async () => {
    const all = { ...LISTS, endpoint: 'all' } as const
    const { requests, lookUp, clock } = createLookups(PINS, {
      limits: [all],
      total: 100_000,
      capabilities: { cidFilter: 'unusable' },
    })
    for (const n of range(20)) lookUp(n, { signal: operationOf('greedy') })
    await clock.advance(0)
    expect(requests.map(({ asked }) => asked)).toEqual(range(15).map((n) => `id-${n}`))
    lookUp(2999, { signal: operationOf('lone') })
    await clock.advance(8100)
    expect(requests.slice(15).map(({ asked }) => asked)).toEqual(['id-15', 'id-2999'])
  })

  it('a caller with too many lookups is refused, and another one is not', async () => {
    const { lookUp, clock } = createLookups(PINS, { limits: [LISTS] })
    range(600).map((n) => lookUp(n, { isContent: true, signal: operationOf('greedy') }))
    const looked = range(60, 2000).map((n) => lookUp(n, { isContent: true, signal: operationOf('modest') }))
    const more = lookUp(700, { isContent: true, signal: operationOf('greedy') })
    await clock.advance(22_000)
    expect(more.outcome).toBeInstanceOf(RateLimitedError)
    expect(looked.map(({ outcome }) => outcome)).toEqual(range(60, 2000).map((n) => [`id-${n}`]))
  })
})
