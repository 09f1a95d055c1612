import type { Pin } from '../../domain/pin.ts'
import type { SignalOptions } from '../service/tenant-call-options.ts'
import { createPinMatcher, type MatchedPins } from './pin-matcher.ts'
import type { WriteRecord, WriteRecords } from './write-records.ts'
import type { WriteRequests } from './write-requests.ts'

/** The pins of one write at the service. Of several pins with the write's id, all but one are duplicates. */
export class WritePins {
  readonly #requests: WriteRequests
  readonly #records: WriteRecords
  readonly #record: WriteRecord
  /** Undefined until a list is read. Most writes never need one. */
  #matcher: ReturnType<typeof createPinMatcher> | undefined

  constructor(requests: WriteRequests, records: WriteRecords, record: WriteRecord) {
    this.#requests = requests
    this.#records = records
    this.#record = record
  }

  /**
   * Lists the pins of the write's CID, as the service shows them now.
   *
   * @throws {PinqlError} when the service did not answer. Nothing is then known about the pins.
   * @throws `signal.reason` when aborted
   */
  async list(options: SignalOptions): Promise<MatchedPins> {
    const pins = await this.#requests.lookupContent(this.#record.write.pin.cid, options)
    this.#matcher ??= createPinMatcher(this.#record)
    return this.#matcher(pins)
  }

  /** Returns the pins that are not the results of writes on record. */
  async unclaimed(pins: readonly Pin[]): Promise<readonly Pin[]> {
    if (pins.length === 0) return pins
    const requestIds = pins.map(({ requestId }) => requestId)
    const claimed = await this.#records.claimed(this.#record.tenantKey, requestIds)
    return pins.filter(({ requestId }) => !claimed.has(requestId))
  }

  /**
   * Divides the pins of the write into the pin that stays and the duplicates.
   *
   * A pin that is the result of a write on record is no duplicate, because a client was told of it. It may be the result of
   * another write: some services keep the old `meta`, and the old write's id in it, when they replace a pin. Without such a
   * pin, the oldest one stays.
   *
   * @param mine the pins with the write's id, oldest first
   */
  async divide(mine: readonly [Pin, ...Pin[]]): Promise<{ kept: Pin; duplicates: readonly Pin[] }> {
    const [oldest] = mine
    if (mine.length === 1) return { kept: oldest, duplicates: [] }
    const unclaimed = await this.unclaimed(mine)
    const kept = mine.find((pin) => !unclaimed.includes(pin)) ?? oldest
    return { kept, duplicates: unclaimed.filter((pin) => pin !== kept) }
  }
}
