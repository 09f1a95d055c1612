import { describe, expect, it } from 'vitest'
import { parseInstant } from '../../../../src/domain/instant.ts'
import { PIN_STATUSES, type Pin } from '../../../../src/domain/pin.ts'
import { LearnedBounds } from '../../../../src/upstream/learning/learned-bounds.ts'
import { examplePin } from '../../../support/upstream/lookup-harness.ts'

const pinAt = (time: string): Pin => ({ ...examplePin(1), created: parseInstant(`2026-01-01T${time}Z`) })
const text = (time: string | undefined) => (time === undefined ? undefined : `2026-01-01T${time}Z`)

/** Returns whether bounds are trusted after a list with a pin between others. */
function areTrusted(
  bounds: { readonly before?: string; readonly after?: string },
  list: { readonly before?: string; readonly after?: string; readonly pin: string },
): boolean {
  const learned = new LearnedBounds()
  const query = { statuses: PIN_STATUSES, before: text(list.before), after: text(list.after) }
  learned.observe(query, [pinAt(list.pin)])
  const ns = (time: string | undefined): bigint | null =>
    time === undefined ? null : parseInstant(`2026-01-01T${time}Z`).ns
  return learned.areTrusted({ before: ns(bounds.before), after: ns(bounds.after) })
}

describe('bounds of a list', () => {
  it('are not trusted before a list has a pin right behind them', () => {
    expect(new LearnedBounds().areTrusted({ before: 1n, after: null })).toBe(false)
    expect(new LearnedBounds().areTrusted({ before: null, after: 1n })).toBe(false)
    expect(new LearnedBounds().areTrusted({ before: null, after: null })).toBe(true)
  })

  it.each([
    { what: 'a second behind `before`', list: { before: '10:00:11', pin: '10:00:10' }, isTrusted: true },
    { what: 'two minutes behind it', list: { before: '10:02:11', pin: '10:00:10' }, isTrusted: false },
    // Rounded down to the minute, `before` would be 10:00:00.
    {
      what: 'a second behind it, in the minute before',
      list: { before: '10:00:00', pin: '09:59:59' },
      isTrusted: false,
    },
    // Rounded to the nearest minute, `before` would be 10:01:00.
    { what: 'in the second half of a minute', list: { before: '10:00:41', pin: '10:00:40' }, isTrusted: false },
    { what: 'behind `after` only', list: { after: '10:00:09', pin: '10:00:10' }, isTrusted: false },
    { what: 'beyond `before`', list: { before: '10:00:11', pin: '10:00:12' }, isTrusted: false },
  ])('show by a pin $what that `before` hides none: $isTrusted', ({ list, isTrusted }) => {
    expect(areTrusted({ before: '12:00:20' }, list)).toBe(isTrusted)
  })

  it('show by a pin right behind `after` that it hides none', () => {
    expect(areTrusted({ after: '12:00:40' }, { after: '10:00:39', pin: '10:00:40' })).toBe(true)
    expect(areTrusted({ after: '12:00:40' }, { after: '09:00:39', pin: '10:00:40' })).toBe(false)
  })

  it('at a whole minute cannot be rounded to it', () => {
    const list = { before: '10:00:00', pin: '09:59:59' }
    expect(areTrusted({ before: '12:00:00' }, list)).toBe(true)
  })

  it('that have one pin between them are shown to be right by few pins only', () => {
    const learned = new LearnedBounds()
    const around = (time: string) => {
      const { ns } = parseInstant(`2026-01-01T${time}Z`)
      return learned.wouldTrust(ns, { before: ns + 1_000_000_000n, after: ns - 1_000_000_000n })
    }
    expect(['10:00:20', '10:00:40'].map(around)).toEqual([true, true])
    expect(['10:00:00', '10:00:30', '10:00:59'].map(around)).toEqual([false, false, false])
  })
})
