import type { NameMatch, PinStatus, StringMap } from '../domain/pin.ts'
import { PIN_STATUSES } from '../domain/pin.ts'

/** What `GET /pins` asks for, read and checked. Times are in milliseconds and both bounds are exclusive. */
export interface PinFilter {
  /** Keys of CIDs, as `Cid.key`; at most 10. */
  readonly cidKeys: readonly string[] | null
  readonly name: string | null
  readonly match: NameMatch
  readonly statuses: readonly PinStatus[]
  readonly before: number | null
  readonly after: number | null
  readonly meta: StringMap
  readonly limit: number
}

/** A condition on the table `pin` and the values for its question marks. */
export interface SqlCondition {
  readonly sql: string
  readonly values: readonly (string | number)[]
}

/** Case folding for the `iexact` and `ipartial` matches: all of Unicode, and blind to a letter's place in its word. */
export function foldCase(name: string): string {
  return name.toLowerCase().toUpperCase()
}

/**
 * Turns a filter into a condition that an index of `pin` can answer.
 *
 * Which index is not left to statistics, which a young database has none of: `+` keeps SQLite from using one.
 *
 * @param meta the pairs of `filter.meta`, the rarest first
 * @param driver where the search starts: at the metadata, or at the pins, which is better for pairs that most pins have
 */
export function toSqlCondition(
  owner: number,
  filter: PinFilter,
  meta: readonly (readonly [string, string])[],
  driver: 'meta' | 'pins',
): SqlCondition {
  const terms = ['pin.owner = ?']
  const values: (string | number)[] = [owner]
  const add = (sql: string, ...added: (string | number)[]): void => {
    terms.push(sql)
    values.push(...added)
  }
  const hasKey = filter.cidKeys !== null || (filter.name !== null && filter.match.endsWith('exact'))
  if (filter.statuses.length < PIN_STATUSES.length) {
    const mark = hasKey || filter.statuses.length > 1 ? '+' : ''
    add(`${mark}pin.status IN (${marks(filter.statuses)})`, ...filter.statuses)
  }
  if (filter.cidKeys) {
    const byCid = `SELECT created FROM pin WHERE owner = ? AND cid_key IN (${marks(filter.cidKeys)})`
    add(`pin.created IN (${byCid})`, owner, ...filter.cidKeys)
  }
  if (filter.before !== null) add('pin.created < ?', filter.before)
  if (filter.after !== null) add('pin.created > ?', filter.after)
  if (filter.name !== null) addName(add, filter.name, filter.match)
  const [first, ...others] = meta
  const has = (pin: string): string =>
    `EXISTS (SELECT 1 FROM pin_meta AS other WHERE owner = ? AND key = ? AND value = ? AND other.pin = ${pin})`
  if (first && driver === 'meta') {
    const rest = others.map(() => ` AND ${has('pin_meta.pin')}`).join('')
    add(
      `pin.created IN (SELECT pin FROM pin_meta WHERE owner = ? AND key = ? AND value = ?${rest})`,
      ...meta.flatMap(([key, value]) => [owner, key, value]),
    )
  } else for (const [key, value] of meta) add(has('pin.created'), owner, key, value)
  return { sql: terms.join(' AND '), values }
}

function addName(add: (sql: string, ...values: string[]) => void, name: string, match: NameMatch): void {
  const folded = foldCase(name)
  // The trigram index finds candidates by the folded name; it needs three characters. `instr` decides.
  if (match.endsWith('partial') && [...folded].length >= 3) {
    add('pin.created IN (SELECT rowid FROM pin_name WHERE pin_name MATCH ?)', `"${folded.replaceAll('"', '""')}"`)
  }
  if (match === 'exact') add('pin.name = ?', name)
  if (match === 'iexact') add('pin.name_fold = ?', folded)
  if (match === 'partial') add('instr(pin.name, ?) > 0', name)
  if (match === 'ipartial') add('instr(pin.name_fold, ?) > 0', folded)
}

function marks(list: readonly unknown[]): string {
  return list.map(() => '?').join(', ')
}
