import { PIN_STATUSES, type PinStatus } from '../../domain/pin.ts'
import type { Database } from '../../storage/open-database.ts'
import { Statements } from '../../storage/statements.ts'
import { foldCase } from './fold-case.ts'
import { gramQuery } from './name-grams.ts'
import type { PinFilter } from './pin-filter.ts'
import { ANY, groupsOf, type Term } from './pin-terms.ts'

/** How far a search looks, so that it takes no more than some milliseconds. */
export interface SearchBounds {
  /** Matches that are counted where they are entries of the index, one after the other. */
  readonly countedEntries: number
  /** Matches that are counted where each takes a look elsewhere. */
  readonly countedLooks: number
  /** Where no more pins than that meet one of the conditions, all of them are looked at. */
  readonly few: number
  /** Entries of each index that are read to learn which condition is the rarest. */
  readonly probedTerms: number
  readonly probedNames: number
  /** Pins that are rather looked at one by one than searched for among many names. */
  readonly bearable: number
}

const DEFAULT_BOUNDS: SearchBounds = {
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

/** A part of a name that is looked for. */
interface NamePart {
  readonly column: 'name' | 'name_fold'
  readonly text: string
  /** Finds the names that may have it; null where all may. */
  readonly query: string | null
}

/** The pins of all owners whose name may have a part. */
const NAMES = 'SELECT rowid AS pin FROM pin_name WHERE pin_name MATCH ?'

/**
 * Finds pins by the index tables `pin_term` and `pin_name`.
 *
 * Both are in the order of `created`, so that a search for the newest ends as soon as the page is full. It starts at
 * the condition that the fewest pins meet and looks the others up. Statistics play no part: a young database has none.
 */
export class PinSearch {
  readonly #statements: Statements
  readonly #bounds: SearchBounds

  constructor(database: Database, bounds = DEFAULT_BOUNDS) {
    this.#statements = new Statements(database)
    this.#bounds = bounds
  }

  /**
   * The keys of one page of the owner's pins, newest first, and how many pins match in all.
   *
   * The count is the right one, or one of the bounds, 2,000 or 20,000, which means as many or more.
   */
  find(owner: number, filter: PinFilter): { count: number; keys: number[] } {
    const groups = groupsOf(filter)
    const part = partOf(filter)
    const { start, size } = this.#startOf(owner, filter, groups, part)
    const walks = walksFrom(start, owner, filter, groups, part)
    const keys = walks
      .flatMap((walk) => this.#all<{ pin: number }>(newest(walk, filter.limit)).map(({ pin }) => pin))
      .sort((a, b) => b - a)
      .slice(0, filter.limit)
    if (keys.length < filter.limit) return { count: keys.length, keys }
    const { countedEntries, countedLooks, few } = this.#bounds
    if (groups.length > 1 || part) return { count: this.#count(walks, size <= few ? size : countedLooks), keys }
    const hasStatusOnly = groups.length === 0 && filter.before === null && filter.after === null
    const count = hasStatusOnly ? this.#countByStatus(owner, filter.statuses) : this.#count(walks, countedEntries)
    return { count, keys }
  }

  /** The condition that the fewest pins meet, as far as a short look tells, and how many those are at most. */
  #startOf(
    owner: number,
    filter: PinFilter,
    groups: readonly (readonly Term[])[],
    part: NamePart | null,
  ): { start: readonly Term[] | NamePart; size: number } {
    const [first = [ANY], ...others] = groups
    const query = part?.query ?? null
    if (others.length === 0 && !part) return { start: first, size: Number.POSITIVE_INFINITY }
    const { probedTerms, probedNames, bearable } = this.#bounds
    const candidates = [first, ...others]
    const sizes = candidates.map((group) => this.#sizeOf(owner, filter, group, probedTerms / candidates.length))
    const smallest = Math.min(...sizes)
    if (part && query !== null) {
      const names = this.#count([{ text: NAMES, values: [query] }], probedNames)
      if (names < Math.min(smallest, probedNames)) return { start: part, size: names }
      // Of many names the newest are found fast, but not those before a time.
      if (smallest > bearable && filter.before === null) return { start: part, size: Number.POSITIVE_INFINITY }
    }
    return { start: candidates[sizes.indexOf(smallest)] ?? first, size: smallest }
  }

  /** How many pins have one of the terms, or infinity where they are more than those that may be looked at. */
  #sizeOf(owner: number, filter: PinFilter, group: readonly Term[], limit: number): number {
    if (group[0] === ANY) return this.#countByStatus(owner, filter.statuses)
    const size = this.#count(pinsWith(owner, filter, group), Math.ceil(limit))
    return size < limit ? size : Number.POSITIVE_INFINITY
  }

  #countByStatus(owner: number, statuses: readonly PinStatus[]): number {
    const text = `SELECT coalesce(sum(pins), 0) AS n FROM usage WHERE owner = ? AND status IN (${marks(statuses)})`
    return this.#all<{ n: number }>({ text, values: [owner, ...statuses] })[0]?.n ?? 0
  }

  /** How many pins the searches find, up to a limit. */
  #count(walks: readonly Sql[], limit: number): number {
    let count = 0
    for (const walk of walks) {
      const { text, values } = newest(walk, limit - count)
      count += this.#all<{ n: number }>({ text: `SELECT count(*) AS n FROM (${text})`, values })[0]?.n ?? 0
      if (count >= limit) break
    }
    return count
  }

  #all<Row>({ text, values }: Sql): Row[] {
    return this.#statements.get(text).all(...values) as Row[]
  }
}

/** Searches that together find each pin that matches once. */
function walksFrom(
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
  return pinsWith(owner, filter, start).map((walk) => and(walk, conditions))
}

function partOf({ name, match }: PinFilter): NamePart | null {
  if (name === null || match === 'exact' || match === 'iexact') return null
  const text = match === 'partial' ? name : foldCase(name)
  return { column: match === 'partial' ? 'name' : 'name_fold', text, query: text === '' ? null : gramQuery(text) }
}

/** The pins that have one of the terms, none of which another one of them has: a search for each term and status. */
function pinsWith(owner: number, filter: PinFilter, group: readonly Term[]): Sql[] {
  const text = 'SELECT pin FROM pin_term AS found WHERE owner = ? AND term = ? AND status = ? AND pin > ? AND pin < ?'
  return group.flatMap((term) =>
    codesOf(filter).map((status) => ({ text, values: [owner, term, status, ...boundsOf(filter)] })),
  )
}

/** The owner's pins whose name has the part. */
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

function and(walk: Sql, conditions: readonly Sql[]): Sql {
  const all = [walk, ...conditions]
  return { text: all.map(({ text }) => text).join(' AND '), values: all.flatMap(({ values }) => values) }
}

function newest({ text, values }: Sql, limit: number): Sql {
  return { text: `${text} ORDER BY pin DESC LIMIT ?`, values: [...values, limit] }
}

function marks(list: readonly unknown[]): string {
  return list.map(() => '?').join(', ')
}
