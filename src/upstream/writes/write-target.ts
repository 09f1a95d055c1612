import type { Cid } from '../../domain/cid.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { Clock } from '../clock.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import type { StopSignal } from '../stop.ts'

/** What a write needs of its tenant: single requests, and a fresh look at the pins of a CID. */
export interface WriteTarget {
  /** Key of the tenant. */
  readonly key: string
  /** Configured name of the service. */
  readonly service: string
  readonly capabilities: Capabilities
  readonly clock: Clock
  /** Milliseconds that one call may take. */
  readonly timeoutMs: number
  /**
   * One `POST /pins`, or `POST /pins/{requestid}`. Never sent twice when the first may have had an effect.
   *
   * @param write.replaced request id of the pin that the service replaces; null to add
   * @param write.old request id of the old pin, even if pinql removes it later; null for an add
   * @param write.askedAt clock time from which the deadline counts
   */
  post(pin: NewPin, write: { replaced: string | null; old: string | null; askedAt: number }): Promise<Pin>
  getPin(requestId: string): Promise<Pin>
  /** @param successor the pin that was made to take its place, if there is one */
  removePin(requestId: string, options?: { successor?: Pin | undefined }): Promise<void>
  /** All pins of a CID, newest first, as the service lists them now. */
  lookupContent(cid: Cid, options?: { signal?: StopSignal | undefined }): Promise<readonly Pin[]>
  /**
   * Whether a write that cannot be found was not made: the service keeps `meta`, and lists what was written before.
   *
   * Looks for a pin that was made within the last minute, where there is one.
   */
  showsWrites(): Promise<boolean>
  /** Notes that a pin took the place of another, for who follows both: the answer that said so may have been lost. */
  noteReplaced(requestId: string, pin: Pin): void
  /** Notes that the service replaced a pin but not its CID. */
  observeIgnoredCid(): void
}
