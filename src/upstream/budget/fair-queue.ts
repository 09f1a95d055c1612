import { LinkedList, type ListPlace } from './linked-list.ts'
import { ENDPOINTS, type Endpoint } from './rate-limit.ts'
import { type Turn, type TurnPath, TurnQueue } from './turn-queue.ts'

/** The waiting items of one owner at one endpoint, which take turns among themselves. An owner is a tenant in one class. */
export class Lane<Item, Owner> {
  readonly owner: Owner
  readonly endpoint: Endpoint
  readonly items = new TurnQueue<Item>()
  // All further fields are set only by `FairQueue`.
  /** Key of the turn that the lane shares with all others of the same key. Undefined: it has a turn of its own. */
  sharedTurn: string | undefined
  /** The seat in which the lane takes turns; undefined while the lane is empty or parked. */
  seat: Seat<Item, Owner> | undefined
  /** Position in the seat. */
  place: ListPlace<Lane<Item, Owner>> | undefined
  /** Number of the turn that the lane had when it left its seat. */
  turn = 0

  constructor(owner: Owner, endpoint: Endpoint, sharedTurn?: string) {
    this.owner = owner
    this.endpoint = endpoint
    this.sharedTurn = sharedTurn
  }
}

/** One place in a ring: that of a lane, or of all lanes that share a turn. These take turns among themselves. */
interface Seat<Item, Owner> {
  readonly lanes: LinkedList<Lane<Item, Owner>>
  /** Number of items in all of its lanes. */
  items: number
  /** Number of the seat's turn. The lowest goes first. */
  turn: number
  /** Position in the ring. */
  place: ListPlace<Seat<Item, Owner>> | undefined
}

/** A number of lanes or seats, and of the items in them. */
export interface Load {
  readonly lanes: number
  readonly items: number
}

/**
 * Fair turns between lanes: round robin over the lanes that are not empty. Lanes that share a turn count as one.
 *
 * This is deficit round robin in which every item costs one request and the quantum is one, so that no deficit remains. Any
 * endpoint may be closed for a while. Among the lanes of all open endpoints, the lane that has waited longest for its turn
 * is next, exactly as in a single ring. A lane that cannot use its turn is parked: it leaves the ring, keeps its turn, and
 * comes back to the front. Every method takes constant time.
 */
export class FairQueue<Item, Owner> {
  readonly #rings = {
    list: new Ring<Item, Owner>(),
    item: new Ring<Item, Owner>(),
    write: new Ring<Item, Owner>(),
  }
  #turns = 0

  /** Returns the lane whose turn it is among the open endpoints. Its turn lasts until {@link endTurn}. */
  next(isOpen: (endpoint: Endpoint) => boolean): Lane<Item, Owner> | undefined {
    let next: Seat<Item, Owner> | undefined
    for (const endpoint of ENDPOINTS) {
      const { first } = this.#rings[endpoint].seats
      if (first && (next === undefined || first.turn < next.turn) && isOpen(endpoint)) next = first
    }
    return next?.lanes.first
  }

  /** Returns the number of turns that are taken at an endpoint, and of items that wait for them. Parked lanes do not count. */
  load(endpoint: Endpoint): Load {
    const { seats, items } = this.#rings[endpoint]
    return { lanes: seats.size, items }
  }

  /** Returns the number of lanes that share a turn at an endpoint, and of items in them. Parked lanes do not count. */
  loadOfShared(endpoint: Endpoint, sharedTurn: string): Load {
    const seat = this.#rings[endpoint].shared.get(sharedTurn)
    return { lanes: seat?.lanes.size ?? 0, items: seat?.items ?? 0 }
  }

  /** Adds an item to its lane. A lane that was empty gets the last turn. */
  push(lane: Lane<Item, Owner>, item: Item, path: TurnPath): Turn<Item> {
    const turn = lane.items.append(item, path)
    if (lane.seat) this.#rings[lane.endpoint].count(lane.seat, 1)
    else if (lane.items.size === 1) this.#joinLast(lane)
    return turn
  }

  /** Removes an item, served or not. Its lane keeps its turn, unless the lane is empty now. */
  remove(lane: Lane<Item, Owner>, turn: Turn<Item>, served: { readonly isServed: boolean }): void {
    lane.items.remove(turn, served)
    if (!lane.seat) return
    this.#rings[lane.endpoint].count(lane.seat, -1)
    if (lane.items.size === 0) this.park(lane)
  }

  /** Moves a lane behind all others. So are those that share its turn, but it comes after them. */
  endTurn(lane: Lane<Item, Owner>): void {
    const { seat, place } = lane
    if (!seat || !place) return
    seat.lanes.remove(place)
    lane.place = seat.lanes.append(lane)
    const { seats } = this.#rings[lane.endpoint]
    if (seat.place) seats.remove(seat.place)
    this.#turns += 1
    seat.turn = this.#turns
    seat.place = seats.append(seat)
  }

  /** Takes a lane out of its ring. The lane keeps its turn. */
  park(lane: Lane<Item, Owner>): void {
    this.#rings[lane.endpoint].leave(lane)
  }

  /** Returns a parked lane to the front of its ring. */
  resume(lane: Lane<Item, Owner>): void {
    if (lane.seat || lane.items.size === 0) return
    const ring = this.#rings[lane.endpoint]
    const seat = ring.seatOf(lane)
    lane.place = seat.lanes.prepend(lane)
    ring.count(seat, lane.items.size)
    if (seat.place) return
    seat.turn = lane.turn
    seat.place = ring.seats.prepend(seat)
  }

  /** Gives a lane a turn of its own, the last one. */
  endSharing(lane: Lane<Item, Owner>): void {
    const isSeated = lane.seat !== undefined
    this.park(lane)
    lane.sharedTurn = undefined
    if (isSeated) this.#joinLast(lane)
  }

  #joinLast(lane: Lane<Item, Owner>): void {
    const ring = this.#rings[lane.endpoint]
    const seat = ring.seatOf(lane)
    lane.place = seat.lanes.append(lane)
    ring.count(seat, lane.items.size)
    if (seat.place) return
    this.#turns += 1
    seat.turn = this.#turns
    seat.place = ring.seats.append(seat)
  }
}

/** The seats of one endpoint, in the order of their turns. */
class Ring<Item, Owner> {
  readonly seats = new LinkedList<Seat<Item, Owner>>()
  /** The seats of lanes that share a turn, by its key. */
  readonly shared = new Map<string, Seat<Item, Owner>>()
  /** Number of items in all lanes. */
  items = 0

  count(seat: Seat<Item, Owner>, items: number): void {
    seat.items += items
    this.items += items
  }

  /** Gives a lane its seat: that of the lanes with which it shares a turn, or a new one that is not in the ring yet. */
  seatOf(lane: Lane<Item, Owner>): Seat<Item, Owner> {
    const { sharedTurn } = lane
    const known = sharedTurn === undefined ? undefined : this.shared.get(sharedTurn)
    const seat = known ?? { lanes: new LinkedList<Lane<Item, Owner>>(), items: 0, turn: 0, place: undefined }
    if (sharedTurn !== undefined) this.shared.set(sharedTurn, seat)
    lane.seat = seat
    return seat
  }

  leave(lane: Lane<Item, Owner>): void {
    const { seat, place, sharedTurn } = lane
    if (!seat || !place) return
    seat.lanes.remove(place)
    this.count(seat, -lane.items.size)
    lane.turn = seat.turn
    lane.seat = undefined
    lane.place = undefined
    if (seat.lanes.size > 0) return
    if (seat.place) this.seats.remove(seat.place)
    if (sharedTurn !== undefined) this.shared.delete(sharedTurn)
  }
}
