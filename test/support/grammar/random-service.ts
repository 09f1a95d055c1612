import { Dispatcher } from 'undici'
import { PIN_STATUSES, type PinStatus } from '../../../src/domain/pin.ts'
import { exampleCid } from '../providers/example-cid.ts'
import { comparesTexts, misread, nearestSecond, printCreated } from './misread-times.ts'
import { type FilteredParts, filterOf } from './record-filters.ts'
import { EMPTY_LISTS, roundTime, rowsFor, type ServiceRules } from './service-rules.ts'

/** A record that a `RandomService` stores. */
export interface GrammarPin extends FilteredParts {
  readonly requestId: string
  /** As it is printed. */
  readonly created: bigint
  /** As it is compared. */
  readonly stored: bigint
  readonly status: PinStatus
  /** True if the service lists it as something that is no valid pin. */
  readonly isOdd: boolean
}

/** A record to be stored. Default: one CID for all, no name and no `meta`. */
export type NewGrammarPin = Omit<GrammarPin, 'requestId' | 'stored' | keyof FilteredParts> & Partial<FilteredParts>

interface Row {
  readonly pin: GrammarPin
  /** Place among the pins of the same instant. */
  readonly place: number
  /** The record as a list has it. It is printed once, since a history lists it many times. */
  json: string | null
}

const USUAL_PARTS: FilteredParts = { cid: exampleCid(1), name: null, meta: {} }

/**
 * A service by rules of the grammar, which are usually drawn at random. It runs in the same process and without sockets. It answers lists and removals.
 */
export class RandomService extends Dispatcher {
  readonly #rules: ServiceRules
  readonly #random: () => number
  #rows: Row[] = []
  #pins: GrammarPin[] = []
  #added = 0
  requests = 0
  /** True to have every third record twice in lists, and in what they count. */
  repeats = false
  /** Number of pins of other accounts that each `count` includes. */
  others = 0
  /** JSON of each record that is no valid pin. Null: they are of four kinds. */
  oddRecord: string | null = null
  /** True to answer lists with invalid values with an empty list, in place of a refusal. */
  isLenient = false

  constructor(rules: ServiceRules, random: () => number) {
    super()
    this.#rules = rules
    this.#random = random
  }

  /** All records, odd ones included. */
  get pins(): readonly GrammarPin[] {
    return this.#pins
  }

  /** Stores records. Their times lose what the service's clock does not show. */
  add(pins: readonly NewGrammarPin[]): void {
    const unit = 10n ** BigInt(9 - this.#rules.digits)
    const added = pins.map(({ created, status, isOdd, ...parts }, index): GrammarPin => {
      const { cid, name, meta } = { ...USUAL_PARTS, ...parts }
      const requestId = `r${this.#added + index}`
      const isRounded = this.#rules.printed === 'nearest second'
      const shown = isRounded ? nearestSecond(created) : (created / unit) * unit
      return { requestId, created: shown, stored: isRounded ? created : shown, status, isOdd, cid, name, meta }
    })
    this.#added += added.length
    this.#pins = [...this.#pins, ...added]
    const rows = added.map((pin): Row => ({ pin, place: this.#random(), json: null }))
    this.#rows = [...this.#rows, ...rows].sort((a, b) => this.#compare(a, b))
  }

  override dispatch({ method, path }: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.requests++
    handler.onConnect?.(() => {})
    const isRemoval = method === 'DELETE'
    const { status, body } = isRemoval
      ? this.#remove(path.slice(path.lastIndexOf('/') + 1))
      : this.#answer(new URLSearchParams(path.slice(path.indexOf('?') + 1)))
    queueMicrotask(() => {
      handler.onHeaders?.(status, [Buffer.from('content-type'), Buffer.from('application/json')], () => {}, '')
      handler.onData?.(Buffer.from(body))
      handler.onComplete?.(null)
    })
    return true
  }

  #remove(requestId: string): { readonly status: number; readonly body: string } {
    this.#pins = this.#pins.filter((pin) => pin.requestId !== requestId)
    this.#rows = this.#rows.filter(({ pin }) => pin.requestId !== requestId)
    return { status: 202, body: '{}' }
  }

  #answer(query: URLSearchParams): { readonly status: number; readonly body: string } {
    const { largestPage: anyLargest, cutLists, limit: honoured, defaultPage, statuses, emptyList, count } = this.#rules
    const largestPage = cutLists === 'all' || isFiltered(query) ? anyLargest : null
    const largest = largestPage?.pins ?? Number.POSITIVE_INFINITY
    const limit = Number(query.get('limit') ?? (defaultPage === 'largest' ? largest : defaultPage))
    const isInTime = this.#timeFilter(query)
    const isSelected = filterOf(query, this.#rules)
    const isTooLarge = honoured !== 'ignored' && limit > largest
    const isAllowed = limit >= 1 && !(isTooLarge && largestPage?.beyond === 'refused')
    const isInvalid = limit < 1 || isInTime === null
    if (this.isLenient && isInvalid) return EMPTY_LISTS[emptyList] ?? { status: 200, body: '{"count":0,"results":[]}' }
    if (!isAllowed || isInTime === null) return refusal(400, 'BAD_REQUEST')
    const hasStatus = this.#statusFilter(query.get('status'))
    const selected = this.#listed().filter(({ pin }) => isSelected(pin))
    const inTime = selected.filter(isInTime)
    const matching = inTime.filter(hasStatus)
    const order = (rows: Row[]): Row[] => (this.#rules.ties === 'shuffled' ? this.#shuffle(rows) : rows)
    const byDefault = { ten: 10, one: 1, cut: largest, refused: largest }[largestPage?.beyond ?? 'cut']
    const fitting = isTooLarge ? byDefault : Math.min(limit, largest)
    const most = honoured === 'ignored' ? largest : rowsFor(honoured, fitting)
    const shown = statuses === 'late' ? order(inTime).slice(0, most).filter(hasStatus) : order(matching).slice(0, most)
    const empty = shown.length === 0 ? EMPTY_LISTS[emptyList] : null
    if (empty !== null) return empty
    const results = `"results":[${shown.map((row) => this.#jsonOf(row)).join()}]}`
    if (count === 'absent') return { status: 200, body: `{${results}` }
    const number = {
      matching: () => (statuses === 'late' ? inTime : matching).length,
      total: () => selected.filter(hasStatus).length,
      everything: () => this.#rows.length,
      page: () => shown.length,
      zero: () => 0,
      capped: () => Math.min(matching.length, 60),
      'capped like pages': () => Math.min(matching.length, largest),
      more: () => matching.length + 3,
    }[count]()
    return { status: 200, body: `{"count":${number + this.others},${results}` }
  }

  #listed(): Row[] {
    if (!this.repeats) return this.#rows
    return this.#rows.flatMap((row) => (Number(row.pin.requestId.slice(1)) % 3 === 0 ? [row, row] : [row]))
  }

  #statusFilter(text: string | null): (row: Row) => boolean {
    if (text === null) return () => true
    const { statuses } = this.#rules
    const all = text.split(',')
    if (all.length > 1 && statuses === 'any') return () => true
    const ofSeveral = { one: [], first: all.slice(0, 1), last: all.slice(-1), pinned: ['pinned'] } as const
    const wanted: readonly string[] = all.length > 1 && statuses in ofSeveral ? ofSeveral[statuses as 'one'] : all
    return ({ pin }) => wanted.includes(pin.status)
  }

  /** Returns null if a time cannot be read. */
  #timeFilter(query: URLSearchParams): ((row: Row) => boolean) | null {
    const { bounds, rounding, times, misreading } = this.#rules
    if (bounds === 'ignored') return () => true
    const read = (text: string | null): bigint | null => {
      if (text === null) return null
      const isWhole = !text.includes('.')
      if (times === (isWhole ? 'with a fraction' : 'whole seconds')) throw new Error('refuses this form')
      return misread(roundTime(readTime(text), rounding), misreading)
    }
    try {
      const before = read(query.get('before'))
      const after = bounds === 'after ignored' ? null : read(query.get('after'))
      const extra = bounds === 'inclusive' ? 1n : 0n
      const latest = before === null ? null : before + extra
      const earliest = after === null ? null : after - extra
      if (comparesTexts(misreading)) return this.#textFilter(query)
      return ({ pin: { stored } }) => (latest === null || stored < latest) && (earliest === null || stored > earliest)
    } catch {
      return null
    }
  }

  #textFilter(query: URLSearchParams): (row: Row) => boolean {
    const before = query.get('before')
    const after = this.#rules.bounds === 'after ignored' ? null : query.get('after')
    return ({ pin: { created } }) => {
      const text = printCreated(created, this.#rules.digits, this.#rules)
      return (before === null || text < before) && (after === null || text > after)
    }
  }

  #compare(a: Row, b: Row): number {
    const { order: all } = this.#rules
    const order = typeof all === 'string' ? all : all.inside
    const byTime = a.pin.stored < b.pin.stored ? -1 : a.pin.stored > b.pin.stored ? 1 : 0
    return (
      this.#compareRuns(a, b) ||
      (order === 'none' ? 0 : order === 'newest-first' ? -byTime : byTime) ||
      a.place - b.place
    )
  }

  #compareRuns({ pin: a }: Row, { pin: b }: Row): number {
    const { order } = this.#rules
    if (typeof order === 'string') return 0
    const { by, first } = order
    if (typeof first !== 'string') return first.indexOf(a.status) - first.indexOf(b.status)
    const textOf = ({ cid, name, meta }: GrammarPin): string =>
      by === 'cid' ? cid : by === 'name' ? (name ?? '') : JSON.stringify(meta)
    const [left, right] = [textOf(a), textOf(b)]
    const byText = left < right ? -1 : Number(left > right)
    return first === 'lowest' ? byText : -byText
  }

  /** Returns whether the service has no order of two pins that it lists next to each other. */
  #isTie(a: Row, b: Row): boolean {
    const { order } = this.#rules
    const inside = typeof order === 'string' ? order : order.inside
    return this.#compareRuns(a, b) === 0 && (inside === 'none' || a.pin.stored === b.pin.stored)
  }

  /** Puts the pins of each instant in a new order; all pins of a run, where it has no order. */
  #shuffle(rows: readonly Row[]): Row[] {
    const shuffled: Row[] = []
    let instant: { row: Row; place: number }[] = []
    const endInstant = (): void => {
      if (instant.length > 1) instant.sort((a, b) => a.place - b.place)
      for (const { row } of instant) shuffled.push(row)
      instant = []
    }
    for (const row of rows) {
      if (instant[0] && !this.#isTie(instant[0].row, row)) endInstant()
      instant.push({ row, place: this.#random() })
    }
    endInstant()
    return shuffled
  }

  #jsonOf(row: Row): string {
    row.json ??= this.#print(row.pin)
    return row.json
  }

  #print({ requestId, created, status, isOdd, cid, name, meta }: GrammarPin): string {
    const text = printCreated(created, this.#rules.digits, this.#rules)
    const pin = { cid, ...(name === null ? {} : { name }), meta }
    if (!isOdd) return JSON.stringify({ requestid: requestId, status, created: text, pin, delegates: [] })
    if (this.oddRecord !== null) return this.oddRecord
    const odd = [
      { requestid: requestId, status, created: text.slice(0, -1), pin },
      { requestid: requestId, status, created: text, pin: { ...pin, cid: '' } },
      { requestid: requestId, status, pin },
      { requestid: requestId, created: text, pin },
    ]
    return JSON.stringify(odd[Number(requestId.slice(1)) % odd.length])
  }
}

function isFiltered(query: URLSearchParams): boolean {
  const isOfSome = query.has('status') && query.get('status')?.split(',').length !== PIN_STATUSES.length
  return isOfSome || ['cid', 'name', 'meta'].some((filter) => query.has(filter))
}

function refusal(status: number, reason: string) {
  return { status, body: JSON.stringify({ error: { reason, details: 'The grammar says so' } }) }
}

/** @throws {Error} for any other text than a time in UTC */
function readTime(text: string): bigint {
  const match = /^(.{19})(?:\.(\d{1,9}))?Z$/.exec(text)
  if (!match) throw new Error(`cannot read ${text}`)
  return BigInt(Date.parse(`${match[1]}Z`)) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}
