import { LinkedList, type Place } from './linked-list.ts'

/** The keys by which an item takes turns, the outermost first. Items of one queue have equally many. */
export type TurnPath = readonly unknown[]

/** An item's place in a {@link TurnQueue}. */
export interface Turn<Item> {
  readonly branch: Branch<Item>
  readonly place: Place<Item>
}

/** All items whose paths begin with the same keys. */
interface Branch<Item> {
  readonly key: unknown
  readonly parent: Branch<Item> | undefined
  readonly children: Map<unknown, Branch<Item>>
  /** The children in the order of their turns. */
  readonly ring: LinkedList<Branch<Item>>
  /** The items of a branch without children, in order of arrival. */
  readonly items: LinkedList<Item>
  /** Position in the ring of the parent. */
  place: Place<Branch<Item>> | undefined
  size: number
}

/**
 * A queue of nested fair turns: round robin over the first keys of its items, inside of each over their second keys, and so on.
 * Items with the same path follow each other by arrival.
 *
 * Every operation takes constant time.
 */
export class TurnQueue<Item> {
  readonly #root: Branch<Item> = branchOf<Item>(undefined, undefined)

  get size(): number {
    return this.#root.size
  }

  /** The item whose turn it is. */
  get first(): Item | undefined {
    let branch = this.#root
    for (let child = branch.ring.first; child; child = branch.ring.first) branch = child
    return branch.items.first
  }

  /** Adds an item. A key that no item had gets the last turn. */
  append(item: Item, path: TurnPath): Turn<Item> {
    let branch = this.#root
    for (const key of path) branch = branch.children.get(key) ?? grow(branch, key)
    for (let each: Branch<Item> | undefined = branch; each; each = each.parent) each.size += 1
    return { branch, place: branch.items.append(item) }
  }

  /** Removes an item. If it was served, its keys have had their turns, and go behind all others. */
  remove({ branch, place }: Turn<Item>, { isServed }: { readonly isServed: boolean }): void {
    branch.items.remove(place)
    for (let each = branch; ; ) {
      const { parent } = each
      each.size -= 1
      if (!parent) return
      if (each.place && (isServed || each.size === 0)) parent.ring.remove(each.place)
      if (each.size === 0) parent.children.delete(each.key)
      else if (isServed) each.place = parent.ring.append(each)
      each = parent
    }
  }

  /** Returns the largest number of items that would come before a new one. */
  ahead(path: TurnPath): number {
    return aheadIn(this.#root, path)
  }

  [Symbol.iterator](): Generator<Item> {
    return itemsOf(this.#root)
  }
}

function branchOf<Item>(key: unknown, parent: Branch<Item> | undefined): Branch<Item> {
  return {
    key,
    parent,
    children: new Map(),
    ring: new LinkedList(),
    items: new LinkedList(),
    place: undefined,
    size: 0,
  }
}

function grow<Item>(parent: Branch<Item>, key: unknown): Branch<Item> {
  const child = branchOf(key, parent)
  parent.children.set(key, child)
  child.place = parent.ring.append(child)
  return child
}

function aheadIn<Item>(branch: Branch<Item>, [key, ...rest]: TurnPath): number {
  if (branch.children.size === 0) return branch.items.size
  const own = branch.children.get(key)
  const ahead = own ? aheadIn(own, rest) : 0
  const others = branch.children.size - (own ? 1 : 0)
  // Each of the others has at most one turn before each turn of the own branch.
  return ahead + Math.min(branch.size - (own?.size ?? 0), others * (ahead + 1))
}

function* itemsOf<Item>(branch: Branch<Item>): Generator<Item> {
  yield* branch.items
  for (const child of branch.ring) yield* itemsOf(child)
}
