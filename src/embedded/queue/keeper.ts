import type { StringMap } from '../../domain/pin.ts'
import type { StoredPin } from '../store/stored-pin.ts'

/** Who fetches and keeps what is pinned: the service itself, with a peer and blocks of its own, or a Kubo daemon. */
export interface Keeper extends AsyncDisposable {
  /** The libp2p peer that has the content; null while it is not known. */
  readonly peerId: string | null
  /** Multiaddrs of that peer, each with `/p2p/{peerId}`. They may change while the service runs. */
  readonly addresses: readonly string[]
  /** Prepares one attempt to bring a pin's content in. */
  createTransfer(pin: StoredPin): Transfer
  /**
   * Frees a little of what removed pins held, as far as no other pin needs it.
   *
   * @returns false when nothing is left to free
   */
  collectSome(): boolean | Promise<boolean>
}

/** One attempt to bring a pin's content in. */
export interface Transfer {
  /**
   * Resolves when all of the content is kept, and that is on the disk.
   *
   * @throws {PinFailedError} when the pin cannot be completed within its bounds
   * @throws {KeeperUnavailableError} when the keeper cannot be asked now; another attempt may succeed
   * @throws the reason that `cancel` was given
   */
  run(): Promise<void>
  /** Ends `run` with the reason. */
  cancel(reason: Error): void
  /** What can be told of the transfer by now, in the words of `PinStatus.info`. */
  progress(): StringMap
  /** What the complete content consists of, in the words of `PinStatus.info`. */
  summary(): StringMap
}

/** The keeper cannot be asked now, through no fault of a pin. The message is for the pins' owners and the log. */
export class KeeperUnavailableError extends Error {
  override readonly name = 'KeeperUnavailableError'
}

/** The pin cannot be completed and becomes `failed`. The message is for its owner, as `info.status_details`. */
export class PinFailedError extends Error {
  override readonly name = 'PinFailedError'
}
