import { parseCid } from '../../domain/cid.ts'
import { PIN_STATUSES, type Pin } from '../../domain/pin.ts'
import { printUntrusted } from '../../domain/untrusted-json.ts'
import { decodePin, type Reading, validIdOf } from './decode-pin.ts'
import { type LeftOut, SharedPage } from './pin-page.ts'
import { Mismatch, membersOf } from './read-json.ts'

/** Most records of one answer that may be no valid pins. */
const MAX_ODD_RECORDS = 10_000

/** Reads the records of a list one by one. */
export class PageReader {
  readonly #serviceName: string
  readonly #reading: Reading
  readonly #pins: Pin[] = []
  /** Undefined in the usual case. */
  #odd: { readonly index: number; readonly record: unknown; readonly mismatch: Mismatch }[] | undefined
  #hasPinLike = false
  #count = 0

  constructor(serviceName: string, reading: Reading) {
    this.#serviceName = serviceName
    this.#reading = reading
  }

  /** @throws {Mismatch} for a record that is no valid pin, after too many others */
  take(record: unknown): void {
    const index = this.#count++
    try {
      this.#pins.push(readListed(this.#serviceName, record, this.#reading))
    } catch (mismatch) {
      if (!(mismatch instanceof Mismatch)) throw mismatch
      this.#odd ??= []
      this.#odd.push({ index, record, mismatch })
      this.#hasPinLike ||= isLikePin(record)
      if (this.#odd.length > MAX_ODD_RECORDS) throw mismatch.below(`results.${index}`)
    }
  }

  /**
   * @param count number of pins that the service counts
   * @throws {Mismatch} when no record has any part of a pin, and the endpoint has never listed a valid one
   */
  page(count: number | null): SharedPage {
    if (this.#odd === undefined) return new SharedPage(count, this.#pins)
    const [first] = this.#odd
    if (first && this.#pins.length === 0 && !this.#hasPinLike && !this.#reading.hasListedPins)
      throw first.mismatch.below(`results.${first.index}`)
    const leftOut = this.#odd.map(({ record, mismatch }) => describeLeftOut(record, mismatch))
    return new SharedPage(count, this.#pins, withDifferentKeys(leftOut))
  }
}

/**
 * Reads a record of a list. A record with an unknown status is left out, since no filter by status can tell what it is. An answer
 * about a single pin shows it.
 */
function readListed(serviceName: string, record: unknown, reading: Reading): Pin {
  const pin = decodePin(serviceName, record, reading)
  if (pin.unknownStatus === undefined) return pin
  const got = JSON.stringify(pin.unknownStatus.slice(0, 100))
  throw new Mismatch(`expected ${PIN_STATUSES.join(', ')}, got ${got}`, { path: 'status' })
}

/** Numbers records whose keys are equal, so that each of them counts. */
function withDifferentKeys(leftOut: readonly LeftOut[]): LeftOut[] {
  const times = new Map<string, number>()
  return leftOut.map((record) => {
    const before = times.get(record.key) ?? 0
    times.set(record.key, before + 1)
    return before === 0 ? record : { ...record, key: `${record.key} ${before}` }
  })
}

/** Returns whether a record has any part that records of other APIs do not have. */
function isLikePin(record: unknown): boolean {
  const { requestid, requestId, pin } = membersOf(record)
  return requestid !== undefined || requestId !== undefined || pin !== undefined
}

function describeLeftOut(record: unknown, { path, message }: Mismatch): LeftOut {
  const wire = membersOf(record)
  const { cid } = membersOf(wire.pin)
  let cidKey: string | null = null
  try {
    cidKey = parseCid(String(cid)).key
  } catch {}
  const id = validIdOf(wire)
  // Without a valid id, the whole text tells records apart.
  return {
    key: id === null ? printRecord(record) : JSON.stringify(id),
    cidKey,
    reason: path === '' ? message : `${path}: ${message}`,
  }
}

/** Returns a record as JSON. Records that are nested too deep are not told apart by it. */
function printRecord(record: unknown): string {
  try {
    return printUntrusted(record)
  } catch {
    return ''
  }
}
