import type { Account } from './account-times.ts'
import { readHistory } from './read-history.ts'
import type { ServiceRules } from './service-rules.ts'

/** Sums of many histories. It can be sent between processes. */
export interface HistoryTotals {
  histories: number
  pins: number
  requests: number
  /** Histories that a client could read if it knew the service's rules. */
  possible: number
  /** Those of the possible ones that were read exactly. */
  exact: number
  refused: number
  /** Histories that lost, repeated or disordered pins: each with its seed, in a sentence. */
  readonly mistakes: string[]
  /** Histories that were refused though possible, by cause, with the seed of the first. */
  readonly causes: Record<string, { times: number; seed: number }>
}

export function noHistories(): HistoryTotals {
  return { histories: 0, pins: 0, requests: 0, possible: 0, exact: 0, refused: 0, mistakes: [], causes: {} }
}

/**
 * Reads the histories of so many seeds.
 *
 * @param fixed rules that are not left to chance
 */
export async function readHistories(
  firstSeed: number,
  histories: number,
  fixed: Partial<ServiceRules> = {},
  account: Account = 'usual',
): Promise<HistoryTotals> {
  const totals = noHistories()
  for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
    const { result, rules, reading, isPossible, pins, requests } = await readHistory(seed, fixed, account)
    totals.histories++
    totals.pins += pins
    totals.requests += requests
    if (isPossible) totals.possible++
    if (result === 'refused') totals.refused++
    else if (result === 'exact') totals.exact += Number(isPossible)
    else totals.mistakes.push(`seed ${seed}: ${result.mistake}: ${reading}: ${JSON.stringify(rules)}`)
    if (result === 'refused' && isPossible) note(totals, causeOf(rules), 1, seed)
  }
  return totals
}

/** Adds the second totals to the first. */
export function addTotals(totals: HistoryTotals, more: HistoryTotals): void {
  for (const sum of ['histories', 'pins', 'requests', 'possible', 'exact', 'refused'] as const) totals[sum] += more[sum]
  totals.mistakes.push(...more.mistakes)
  for (const [cause, { times, seed }] of Object.entries(more.causes)) note(totals, cause, times, seed)
}

function note({ causes }: HistoryTotals, cause: string, times: number, seed: number): void {
  const known = causes[cause]
  causes[cause] = { times: (known?.times ?? 0) + times, seed: known?.seed ?? seed }
}

/** Says why a possible history may have been refused: by the rules that leave least to go by. */
function causeOf(rules: ServiceRules): string {
  const { bounds, count, statuses, rounding, digits } = rules
  const order = typeof rules.order === 'string' ? rules.order : `runs by ${rules.order.by}`
  const isCounted = count === 'matching' || count === 'total' || count === 'everything'
  if (bounds === 'after ignored' && order !== 'newest-first')
    return 'only `before` honoured, in lists that are not newest first'
  if (bounds === 'ignored' && !isCounted) return 'times ignored, and `count` says nothing'
  if (bounds === 'ignored') return 'times ignored, and more pins than a list holds'
  if (statuses === 'late') return 'busy seconds, and statuses looked at after the cut'
  if (rounding === 'none' && digits > 3) return 'many pins in a millisecond, which is as fine as pinql asks'
  return `busy seconds: ${order}, rounding ${rounding}`
}
