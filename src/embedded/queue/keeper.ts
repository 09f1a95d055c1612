import type { StringMap } from '../../domain/pin.ts'
import type { StoredPin } from '../store/stored-pin.ts'

/**
 * Fetches and keeps the content of pins: by a peer and blocks of the service's own, or by a Kubo daemon.
 *
 * The setting `pinner` selects the keeper.
 */
export interface Keeper extends AsyncDisposable {
  /** The libp2p peer that has the content. Null while it is unknown. */
  readonly peerId: string | null
  /** Multiaddrs of that peer, each with `/p2p/{peerId}`. They may change while the service runs: the list is another one then. */
  readonly addresses: readonly string[]
  /** Prepares one attempt to fetch the content of a pin. */
  createTransfer(pin: StoredPin): Transfer
  /**
   * Frees a little of the content of removed pins that no other pin needs.
   *
   * @returns false when nothing is left to free
   */
  collectSome(): boolean | Promise<boolean>
}

/** One attempt to fetch the content of a pin. */
export interface Transfer {
  /**
   * Resolves when all of the content is on the disk.
   *
   * @throws {PinFailedError} when the pin cannot be completed within its bounds
   * @throws {PinWaitsError} when other pins must settle before
   * @throws {KeeperUnavailableError} when the keeper cannot be asked now. Another attempt may succeed.
   * @throws the reason given to `cancel`
   */
  run(): Promise<void>
  /** Makes `run` reject with the reason. */
  cancel(reason: Error): void
  /** Returns the present progress, as entries of `PinStatus.info`. */
  progress(): StringMap
  /** Returns the size of the complete content, as entries of `PinStatus.info`. */
  summary(): StringMap
}

/** The keeper cannot be asked now, and no pin is the cause. The message is for the owners of pins and for the log. */
export class KeeperUnavailableError extends Error {
  override readonly name = 'KeeperUnavailableError'
}

/** The pin waits for other pins. Another attempt may succeed. The message is for its owner. */
export class PinWaitsError extends Error {
  override readonly name = 'PinWaitsError'
}

/** The pin cannot be completed and becomes `failed`. The message is for its owner, as `info.status_details`. */
export class PinFailedError extends Error {
  override readonly name = 'PinFailedError'
}
