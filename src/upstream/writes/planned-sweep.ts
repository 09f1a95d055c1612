import { randomUUID } from 'node:crypto'
import type { WriteRecord, WriteRecords } from './write-records.ts'

/**
 * The sweep of duplicates that one attempt at a write leaves to be made later.
 *
 * It is on record before anything is sent that makes it necessary. So if this process ends before the sweep, the next one
 * makes it.
 */
export class PlannedSweep {
  readonly #records: WriteRecords
  readonly #record: WriteRecord
  #id: string | null
  #isOwn = false

  constructor(records: WriteRecords, record: WriteRecord) {
    this.#records = records
    this.#record = record
    this.#id = record.sweepId
  }

  /** Id of the sweep that is due: of this attempt, or of an earlier one. Null for none. */
  get id(): string | null {
    return this.#id
  }

  /** Plans a sweep, unless this attempt has planned one. A sweep that an earlier attempt has planned may come too early. */
  async plan(): Promise<void> {
    if (this.#isOwn) return
    const id = randomUUID()
    await this.#records.planSweep(this.#record, id)
    this.#id = id
    this.#isOwn = true
  }

  /** Takes the sweep off the record, since it was made or is not necessary any more. */
  async end(): Promise<void> {
    if (this.#id === null) return
    await this.#records.endSweep(this.#record, this.#id)
    this.#id = null
    this.#isOwn = false
  }
}
