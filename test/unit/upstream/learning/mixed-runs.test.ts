import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { formatInstant, parseInstant } from '../../../../src/domain/instant.ts'
import { PIN_STATUSES, type Pin, type PinStatus } from '../../../../src/domain/pin.ts'
import { MixedRuns } from '../../../../src/upstream/learning/mixed-runs.ts'
import { exampleCid } from '../../../support/providers/example-cid.ts'

const CIDS = Array.from({ length: 12 }, (_, n) => parseCid(exampleCid(n)))
const ALL = { statuses: PIN_STATUSES }

interface Parts {
  readonly status?: PinStatus
  readonly cid?: number
  readonly name?: string | null
}

/** Pins one second apart, newest first. */
function listOf(parts: readonly Parts[]): Pin[] {
  return parts.map(({ status = 'pinned', cid = 0, name = null }, n): Pin => {
    const created = parseInstant(formatInstant(BigInt(1_000 - n) * 1_000_000_000n, 0))
    const rest = { origins: [], meta: {}, delegates: [], info: {} }
    return { ...rest, service: 'one', requestId: `r${n}`, status, cid: CIDS[cid] as Pin['cid'], name, created }
  })
}

function areMixed(parts: readonly Parts[], query: Parameters<MixedRuns['areMixed']>[0] = ALL): boolean {
  const runs = new MixedRuns()
  runs.observe(listOf(parts))
  return runs.areMixed(query)
}

const twelve = (make: (n: number) => Parts): Parts[] => Array.from({ length: 12 }, (_, n) => make(n))
const MIXED = twelve((n) => ({ status: n % 3 ? 'pinned' : 'queued', cid: n % 2, name: n % 5 ? 'a' : null }))

describe('a sorted list', () => {
  it('is not made of runs if it mixes statuses, CIDs and names', () => {
    expect(areMixed(MIXED)).toBe(true)
  })

  it.each([
    ['statuses', MIXED.map((parts, n): Parts => ({ ...parts, status: n < 6 ? 'queued' : 'pinned' }))],
    ['CIDs', MIXED.map((parts, n) => ({ ...parts, cid: n < 6 ? 0 : 1 }))],
    ['names', MIXED.map((parts) => ({ ...parts, name: null }))],
    ['names that grow with time', MIXED.map((parts, n) => ({ ...parts, name: `backup ${String(99 - n)}` }))],
  ])('may be made of runs by its %s', (_, parts) => {
    expect(areMixed(parts)).toBe(false)
  })

  it('is hardly made of runs if each pin has its own CID', () => {
    expect(areMixed(MIXED.map((parts, n) => ({ ...parts, cid: n })))).toBe(true)
  })

  it('has one run only, if its query has one status, one CID and one name', () => {
    const one = twelve(() => ({ name: 'a' }))
    expect(areMixed(one, { statuses: ['pinned'], cids: CIDS.slice(0, 1), name: 'a' })).toBe(true)
    expect(areMixed(one, { statuses: ['pinned'], cids: CIDS.slice(0, 1), name: 'a', match: 'partial' })).toBe(false)
  })

  it('shows nothing if it is in no order', () => {
    const runs = new MixedRuns()
    const pins = listOf(MIXED)
    runs.observe([...pins.slice(6), ...pins.slice(0, 6)])
    runs.observe(pins.slice(0, 9))
    expect(runs.areMixed(ALL)).toBe(false)
    runs.observe(pins.toReversed())
    expect(runs.areMixed(ALL)).toBe(true)
  })
})
