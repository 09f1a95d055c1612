import { giveWay } from '../../upstream/waiting/give-way.ts'
import { giveWayToRead } from './give-way-to-read.ts'

/** Messages of all sockets that are taken in one turn of the event loop without asking. */
const FEW_MESSAGES = 32
/** Milliseconds that it takes to take a short message, about. */
const MS_PER_MESSAGE = 0.1

/** Lets sockets take turns in which their messages are taken: one read of a socket may bring hundreds, and many sockets are read in one turn. */
export class MessageTurns {
  /** Messages since a turn of the event loop began in which there were many. */
  #taken = 0

  /**
   * Waits for a turn of the event loop in which a message may be taken.
   *
   * @returns undefined in the usual case: the turn is now
   */
  next(bytes: number): Promise<void> | undefined {
    const own = giveWayToRead(bytes)
    if (own !== undefined || ++this.#taken <= FEW_MESSAGES) return own
    if (this.#taken === FEW_MESSAGES + 1)
      setImmediate(() => {
        this.#taken = 0
      })
    return giveWay(MS_PER_MESSAGE)
  }
}
