import { MalformedResponseError } from '../../../domain/errors.ts'
import type { Pin } from '../../../domain/pin.ts'
import type { LeftOut } from '../../http/pin-page.ts'

/** Number of different reasons that an error lists. */
const MAX_REASONS = 3
/** Most bytes of the records that one read may leave out, and the bytes of one without its texts. 10,000 usual ones take 2 MB. */
const MAX_BYTES = 64 * 1024 * 1024
const BYTES_PER_RECORD = 100

/** A list has records that are not valid pins. The error carries the list's valid pins. */
export class PartlyReadError extends MalformedResponseError {
  /** The pins that could be read, in no order. */
  readonly pins: readonly Pin[]

  constructor(serviceName: string, leftOut: readonly LeftOut[], pins: readonly Pin[] = []) {
    super(describe(serviceName, leftOut), { service: serviceName })
    this.pins = pins
  }
}

/** Records that the pages of one read had to leave out. A record that two pages contain counts once. */
export class LeftOutRecords {
  readonly #byKey = new Map<string, LeftOut>()
  #bytes = 0

  add(records: readonly LeftOut[] = []): void {
    for (const record of records) {
      if (!this.#byKey.has(record.key)) this.#bytes += BYTES_PER_RECORD + record.key.length + record.reason.length
      this.#byKey.set(record.key, record)
    }
  }

  /** True if no more should be added, since they fill the memory. */
  get areTooMany(): boolean {
    return this.#bytes > MAX_BYTES
  }

  get size(): number {
    return this.#byKey.size
  }

  all(): LeftOut[] {
    return [...this.#byKey.values()]
  }
}

function describe(serviceName: string, leftOut: readonly LeftOut[]): string {
  const reasons = [...new Set(leftOut.map(({ reason }) => reason))]
  const more = reasons.length > MAX_REASONS ? '; and others' : ''
  const what = leftOut.length === 1 ? '1 record that is' : `${leftOut.length} records that are`
  return `${serviceName} listed ${what} no valid pin and left out: ${reasons.slice(0, MAX_REASONS).join('; ')}${more}`
}
