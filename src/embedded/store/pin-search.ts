import { foldCase } from '../../domain/fold-case.ts'
import { PIN_STATUSES, type PinStatus } from '../../domain/pin.ts'
import type { Database } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'
import { gramQuery } from './name-grams.ts'
import type { PinFilter } from './pin-filter.ts'
import { groupsOf, TERM_OF_ALL, type Term } from './pin-terms.ts'

/** Limits of a search, so that it takes a few milliseconds at most. */
export interface SearchBounds {
  /** Largest count of matches that are neighbours in the index. */
  readonly countedEntries: number
  /** Largest count of matches each of which needs a lookup elsewhere. */
  readonly countedLooks: number
  /** Most pins that may meet one of the conditions for the count to be exact. */
  readonly few: number
  /** Most entries of each index that are read to find the rarest condition. */
  readonly probedTerms: number
  readonly probedNames: number
  /** Up to so many pins, looking at each of them is better than searching among many names. */
  readonly bearable: number
}

export const SEARCH_BOUNDS: SearchBounds = {
  countedEntries: 20_000,
  countedLooks: 2_000,
  few: 10_000,
  probedTerms: 100_000,
  probedNames: 10_000,
  bearable: 100_000,
}

/** A piece of SQL and the values for its question marks. */
interface Sql {
  readonly text: string
  readonly values: readonly (string | number | bigint)[]
}

/** A part of names that a filter asks for. */
interface NamePart {
  readonly column: 'name' | 'name_fold'
  readonly text: string
  /** FTS5's query for names that may contain the part. Null when every name may. */
  readonly query: string | null
}

/** Finds the pins of all owners whose name may contain a part. */
const NAMES = 'SELECT rowid AS pin FROM pin_name WHERE pin_name MATCH ?'

/**
 * Finds pins by the index tables `pin_term` and `pin_name`.
 *
 * Both are in the order of `created`, so a search for the newest pins ends as soon as the page is full. A search reads the
 * pins that meet the rarest condition, and looks the other conditions up. It does not use SQLite's statistics, since a
 * young database has none.
 */
export class PinSearch {
  readonly #statements: Statements
  readonly #bounds: SearchBounds
  /** Whether names may have grams of an earlier version. Once none has, none will. */
  #hasStaleNames = true

  /** @param bounds {@link SEARCH_BOUNDS}. Tests pass smaller ones, so that few pins reach every way of searching. */
  constructor(database: Database, bounds: SearchBounds) {
    this.#statements = new Statements(database)
    this.#bounds = bounds
  }

  /**
   * Returns the keys of one page of the owner's pins, newest first, and the number of all that match.
   *
   * A count of 2,000 or 20,000 may stand for more: counting stops at one of these bounds.
   */
  find(owner: number, filter: PinFilter): { count: number; keys: number[] } {
    const groups = groupsOf(filter)
    const part = this.#partOf(filter)
    const { start, size } = this.#startOf(owner, filter, groups, part)
    const searches = searchesFrom(start, owner, filter, groups, part)
    const keys = searches
      .flatMap((search) => this.#all<{ pin: number }>(newest(search, filter.limit)).map(({ pin }) => pin))
      .sort((a, b) => b - a)
      .slice(0, filter.limit)
    if (keys.length < filter.limit) return { count: keys.length, keys }
    const { countedEntries, countedLooks, few } = this.#bounds
    if (groups.length > 1 || part) return { count: this.#count(searches, size <= few ? size : countedLooks), keys }
    const hasStatusOnly = groups.length === 0 && filter.before === null && filter.after === null
    const count = hasStatusOnly ? this.#countByStatus(owner, filter.statuses) : this.#count(searches, countedEntries)
    return { count, keys }
  }

  #partOf({ name, match }: PinFilter): NamePart | null {
    if (name === null || match === 'exact' || match === 'iexact') return null
    if (match === 'partial') return { column: 'name', text: name, query: name === '' ? null : gramQuery(name) }
    const text = foldCase(name)
    return { column: 'name_fold', text, query: text === '' || this.#areNamesStale() ? null : gramQuery(text) }
  }

  #areNamesStale(): boolean {
    if (this.#hasStaleNames) {
      const [row] = this.#all<{ pin: number | null }>({ text: 'SELECT max(pin) AS pin FROM stale_name', values: [] })
      this.#hasStaleNames = row?.pin != null
    }
    return this.#hasStaleNames
  }

  /** Estimates the rarest condition from a few entries. Returns it, and the largest number of pins that may meet it. */
  #startOf(
    owner: number,
    filter: PinFilter,
    groups: readonly (readonly Term[])[],
    part: NamePart | null,
  ): { start: readonly Term[] | NamePart; size: number } {
    const [first = [TERM_OF_ALL], ...others] = groups
    const query = part?.query ?? null
    if (others.length === 0 && !part) return { start: first, size: Number.POSITIVE_INFINITY }
    const { probedTerms, probedNames, bearable } = this.#bounds
    const candidates = [first, ...others]
    const sizes = candidates.map((group) => this.#sizeOf(owner, filter, group, probedTerms / candidates.length))
    const smallest = Math.min(...sizes)
    if (part && query !== null) {
      const names = this.#count([{ text: NAMES, values: [query] }], probedNames)
      if (names < Math.min(smallest, probedNames)) return { start: part, size: names }
      // Among many names, the newest pins are found fast, but not the pins before a given time.
      if (smallest > bearable && filter.before === null) return { start: part, size: Number.POSITIVE_INFINITY }
    }
    return { start: candidates[sizes.indexOf(smallest)] ?? first, size: smallest }
  }

  /** Counts the pins that have one of the terms. Returns infinity when there are `limit` or more. */
  #sizeOf(owner: number, filter: PinFilter, group: readonly Term[], limit: number): number {
    if (group[0] === TERM_OF_ALL) return this.#countByStatus(owner, filter.statuses)
    const size = this.#count(pinsWith(owner, filter, group), Math.ceil(limit))
    return size < limit ? size : Number.POSITIVE_INFINITY
  }

  #countByStatus(owner: number, statuses: readonly PinStatus[]): number {
    const text = `SELECT coalesce(sum(pins), 0) AS n FROM usage WHERE owner = ? AND status IN (${marks(statuses)})`
    return this.#all<{ n: number }>({ text, values: [owner, ...statuses] })[0]?.n ?? 0
  }

  /** Counts the pins that the searches find, up to a limit. */
  #count(searches: readonly Sql[], limit: number): number {
    let count = 0
    for (const search of searches) {
      const { text, values } = newest(search, limit - count)
      count += this.#all<{ n: number }>({ text: `SELECT count(*) AS n FROM (${text})`, values })[0]?.n ?? 0
      if (count >= limit) break
    }
    return count
  }

  #all<Row>({ text, values }: Sql): Row[] {
    return this.#statements.get(text).all(...values) as Row[]
  }
}

/** Returns searches that together find each matching pin once. */
function searchesFrom(
  start: readonly Term[] | NamePart,
  owner: number,
  filter: PinFilter,
  groups: readonly (readonly Term[])[],
  part: NamePart | null,
): Sql[] {
  if ('query' in start) {
    const conditions = groups.map((group) => hasTerm('pin.status_code', 'pin.created', owner, group))
    return [and(namesOf(owner, filter, start), conditions)]
  }
  const conditions = groups
    .filter((group) => group !== start)
    .map((group) => hasTerm('found.status', 'found.pin', owner, group))
  if (part) conditions.push(hasPart('found.pin', part))
  return pinsWith(owner, filter, start).map((search) => and(search, conditions))
}

/** Searches for pins that have one of the terms: one search per term and status. No pin has two terms of a group. */
function pinsWith(owner: number, filter: PinFilter, group: readonly Term[]): Sql[] {
  const text = 'SELECT pin FROM pin_term AS found WHERE owner = ? AND term = ? AND status = ? AND pin > ? AND pin < ?'
  return group.flatMap((term) =>
    codesOf(filter).map((status) => ({ text, values: [owner, term, status, ...boundsOf(filter)] })),
  )
}

/** Searches for the owner's pins whose name contains the part. */
function namesOf(owner: number, filter: PinFilter, { column, text, query }: NamePart): Sql {
  const codes = codesOf(filter)
  return {
    text: `SELECT pin_name.rowid AS pin FROM pin_name CROSS JOIN pin INDEXED BY pin_text ON pin.created = pin_name.rowid
      WHERE pin_name MATCH ? AND pin_name.rowid > ? AND pin_name.rowid < ?
      AND pin.owner = ? AND pin.status_code IN (${marks(codes)}) AND instr(pin.${column}, ?) > 0`,
    values: [query ?? '', ...boundsOf(filter), owner, ...codes, text],
  }
}

function boundsOf({ after, before }: PinFilter): [number, number] {
  return [after ?? -1, before ?? Number.MAX_SAFE_INTEGER]
}

function codesOf({ statuses }: PinFilter): number[] {
  return statuses.map((status) => PIN_STATUSES.indexOf(status))
}

function hasTerm(status: string, pin: string, owner: number, group: readonly Term[]): Sql {
  const text = `EXISTS (SELECT 1 FROM pin_term AS other
    WHERE other.owner = ? AND other.term IN (${marks(group)}) AND other.status = ${status} AND other.pin = ${pin})`
  return { text, values: [owner, ...group] }
}

function hasPart(pin: string, { column, text }: NamePart): Sql {
  return {
    text: `EXISTS (SELECT 1 FROM pin INDEXED BY pin_text WHERE created = ${pin} AND instr(${column}, ?) > 0)`,
    values: [text],
  }
}

function and(search: Sql, conditions: readonly Sql[]): Sql {
  const all = [search, ...conditions]
  return { text: all.map(({ text }) => text).join(' AND '), values: all.flatMap(({ values }) => values) }
}

function newest({ text, values }: Sql, limit: number): Sql {
  return { text: `${text} ORDER BY pin DESC LIMIT ?`, values: [...values, limit] }
}

function marks(list: readonly unknown[]): string {
  return list.map(() => '?').join(', ')
}
