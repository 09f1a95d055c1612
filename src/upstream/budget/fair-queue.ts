import { LinkedList, type ListPlace } from './linked-list.ts'
import type { Endpoint } from './rate-limit.ts'
import { type Turn, type TurnPath, TurnQueue } from './turn-queue.ts'

/** The waiting items of one owner at one endpoint, which take turns among themselves. An owner is a tenant in one class. */
export class Lane<Item, Owner> {
  readonly owner: Owner
  readonly endpoint: Endpoint
  readonly items = new TurnQueue<Item>()
  /** Position in the ring; undefined while the lane is empty or parked. Set only by {@link FairQueue}. */
  place: ListPlace<Lane<Item, Owner>> | undefined
  /** Number of the lane's turn. The lowest goes first. Set only by {@link FairQueue}. */
  turn = 0

  constructor(owner: Owner, endpoint: Endpoint) {
    this.owner = owner
    this.endpoint = endpoint
  }
}

/**
 * Fair turns between lanes: round robin over the lanes that are not empty.
 *
 * This is deficit round robin in which every item costs one request and the quantum is one, so that no deficit remains. Any
 * endpoint may be closed for a while. Among the lanes of all open endpoints, the lane that has waited longest for its turn
 * is next, exactly as in a single ring. A lane that cannot use its turn is parked: it leaves the ring, keeps its turn, and
 * comes back to the front. Every method takes constant time.
 */
export class FairQueue<Item, Owner> {
  readonly #rings = {
    list: new Ring<Lane<Item, Owner>>(),
    item: new Ring<Lane<Item, Owner>>(),
    write: new Ring<Lane<Item, Owner>>(),
  }
  #turns = 0

  /** Returns the lane whose turn it is among the open endpoints. Its turn lasts until {@link endTurn}. */
  next(isOpen: (endpoint: Endpoint) => boolean): Lane<Item, Owner> | undefined {
    let next: Lane<Item, Owner> | undefined
    for (const { lanes } of Object.values(this.#rings)) {
      const first = lanes.first
      if (first && (next === undefined || first.turn < next.turn) && isOpen(first.endpoint)) next = first
    }
    return next
  }

  /** Returns the number of lanes that take turns at an endpoint, and of items in them. Parked lanes do not count. */
  load(endpoint: Endpoint): { readonly lanes: number; readonly items: number } {
    const ring = this.#rings[endpoint]
    return { lanes: ring.lanes.size, items: ring.items }
  }

  /** Adds an item to its lane. A lane that was empty gets the last turn. */
  push(lane: Lane<Item, Owner>, item: Item, path: TurnPath): Turn<Item> {
    const turn = lane.items.append(item, path)
    if (lane.place) this.#rings[lane.endpoint].items += 1
    else if (lane.items.size === 1) this.#joinLast(lane)
    return turn
  }

  /** Removes an item, served or not. Its lane keeps its turn, unless the lane is empty now. */
  remove(lane: Lane<Item, Owner>, turn: Turn<Item>, served: { readonly isServed: boolean }): void {
    lane.items.remove(turn, served)
    if (!lane.place) return
    this.#rings[lane.endpoint].items -= 1
    if (lane.items.size === 0) this.park(lane)
  }

  /** Moves a lane behind all others. */
  endTurn(lane: Lane<Item, Owner>): void {
    if (!lane.place) return
    this.park(lane)
    this.#joinLast(lane)
  }

  /** Takes a lane out of its ring. The lane keeps its turn. */
  park(lane: Lane<Item, Owner>): void {
    if (!lane.place) return
    const ring = this.#rings[lane.endpoint]
    ring.lanes.remove(lane.place)
    ring.items -= lane.items.size
    lane.place = undefined
  }

  /** Returns a parked lane to the front of its ring. */
  resume(lane: Lane<Item, Owner>): void {
    if (lane.place || lane.items.size === 0) return
    const ring = this.#rings[lane.endpoint]
    lane.place = ring.lanes.prepend(lane)
    ring.items += lane.items.size
  }

  #joinLast(lane: Lane<Item, Owner>): void {
    const ring = this.#rings[lane.endpoint]
    this.#turns += 1
    lane.turn = this.#turns
    lane.place = ring.lanes.append(lane)
    ring.items += lane.items.size
  }
}

class Ring<T> {
  readonly lanes = new LinkedList<T>()
  /** Number of items in all lanes. */
  items = 0
}
