import type { Cid } from '../../../domain/cid.ts'
import { type Turn, TurnQueue, turnOf } from '../../budget/turn-queue.ts'
import type { Asker } from '../../waiting/stop.ts'

/**
 * The order in which the CIDs of waiting lookups leave: callers take turns, and inside a caller its operations.
 *
 * It lasts from one request to the next. So a caller whose CIDs have no room in one request has its turn in the next one, however
 * many callers there are.
 */
export class LookupTurns {
  readonly #queue = new TurnQueue<Cid>()
  readonly #turns = new Map<string, Turn<Cid>>()

  /** The CID whose turn it is. */
  get first(): Cid | undefined {
    return this.#queue.first
  }

  /** Gives a CID a turn of an operation that waits for it. A CID that several operations wait for leaves in the first of their turns. */
  join(cid: Cid, asker: Asker | undefined): void {
    const turn = this.#turns.get(cid.text)
    if (!turn) this.#turns.set(cid.text, this.#queue.append(cid, turnOf(asker)))
    else if (turn.leaves.every(({ branch }) => branch.key !== asker)) this.#queue.join(turn, turnOf(asker))
  }

  /** Removes a CID, if it waits. If it was served, its callers have had their turns. */
  remove({ text }: Cid, served: { readonly isServed: boolean }): void {
    const turn = this.#turns.get(text)
    if (!turn) return
    this.#turns.delete(text)
    this.#queue.remove(turn, served)
  }

  /** Yields the CIDs by turns. A CID counts as served when the next one is requested; the last one stays if it is not wanted. */
  *serve(): Generator<Cid> {
    for (let cid = this.first; cid; cid = this.first) {
      yield cid
      this.remove(cid, { isServed: true })
    }
  }

  /** Returns the largest number of CIDs that would leave before a new one. */
  ahead(asker: Asker | undefined): number {
    return this.#queue.ahead(turnOf(asker))
  }
}
