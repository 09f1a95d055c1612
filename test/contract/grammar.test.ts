import { describe, expect, it } from 'vitest'
import { type HistoryOutcome, readHistory } from '../support/grammar/read-history.ts'

/** The bench reads a million: `npx tsx bench/reading/grammar.ts`. */
const HISTORIES = Number(process.env.PINQL_GRAMMAR ?? 400)
const FIRST_SEED = Number(process.env.PINQL_GRAMMAR_SEED ?? 1)

describe('walking services that nobody knows', () => {
  it(`is exact or ends in a typed error, never in a shorter list that looks whole (${HISTORIES} histories)`, async () => {
    const outcomes: (HistoryOutcome & { readonly seed: number })[] = []
    for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
      outcomes.push({ seed, ...(await readHistory(seed)) })
    }

    const mistakes = outcomes.filter(({ result }) => typeof result === 'object')
    expect(mistakes.map(({ seed, rules, result }) => ({ seed, rules, result }))).toEqual([])
    const possible = outcomes.filter(({ isPossible }) => isPossible)
    const exact = possible.filter(({ result }) => result === 'exact')
    expect(exact.length / possible.length).toBeGreaterThanOrEqual(0.95)
  }, 300_000)
})
