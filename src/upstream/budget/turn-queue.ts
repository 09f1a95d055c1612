import type { Asker } from '../waiting/stop.ts'
import { LinkedList, type ListPlace } from './linked-list.ts'

/** The keys by which an item takes turns, the outermost first. Items of one queue have equally many. */
export type TurnPath = readonly unknown[]

/** Returns the path by which callers take turns, and inside a caller its operations. Whatever no operation waits for shares a turn. */
export function turnOf(asker: Asker | undefined): TurnPath {
  return [asker?.callerKey, asker]
}

/** An item in a {@link TurnQueue}, with its places: one for each of its paths. */
export interface Turn<Item> {
  readonly item: Item
  readonly leaves: { readonly branch: Branch<Item>; readonly place: ListPlace<Turn<Item>> }[]
}

/** All items whose paths begin with the same keys. */
interface Branch<Item> {
  readonly key: unknown
  readonly parent: Branch<Item> | undefined
  readonly children: Map<unknown, Branch<Item>>
  /** The children in the order of their turns. */
  readonly ring: LinkedList<Branch<Item>>
  /** The items of a branch without children, in order of arrival. */
  readonly items: LinkedList<Turn<Item>>
  /** Position in the ring of the parent. */
  place: ListPlace<Branch<Item>> | undefined
  /** Number of places of items. At the root, number of items. */
  size: number
}

/**
 * A queue of nested fair turns: round robin over the first keys of its items, inside of each over their second keys, and so on.
 * Items with the same path follow each other by arrival. An item may have several paths, and leaves by the first that has its turn.
 *
 * To add or remove an item, or to read the first one, takes constant time for each path.
 */
export class TurnQueue<Item> {
  readonly #root: Branch<Item> = branchOf<Item>(undefined, undefined)

  /** Number of items. */
  get size(): number {
    return this.#root.size
  }

  /** The item whose turn it is. */
  get first(): Item | undefined {
    return this.#first?.item
  }

  get #first(): Turn<Item> | undefined {
    let branch = this.#root
    for (let child = branch.ring.first; child; child = branch.ring.first) branch = child
    return branch.items.first
  }

  /** Adds an item. A key that no item had gets the last turn. */
  append(item: Item, path: TurnPath): Turn<Item> {
    const turn: Turn<Item> = { item, leaves: [] }
    this.#root.size += 1
    this.join(turn, path)
    return turn
  }

  /** Gives an item one more path. */
  join(turn: Turn<Item>, path: TurnPath): void {
    let branch = this.#root
    for (const key of path) {
      branch = branch.children.get(key) ?? grow(branch, key)
      branch.size += 1
    }
    turn.leaves.push({ branch, place: branch.items.append(turn) })
  }

  /** Removes an item. If it was served, all its keys have had their turns, and go behind the others. */
  remove({ leaves }: Turn<Item>, { isServed }: { readonly isServed: boolean }): void {
    this.#root.size -= 1
    for (const { branch, place } of leaves) {
      branch.items.remove(place)
      for (let each = branch; each.parent; each = each.parent) shrink(each, each.parent, isServed)
    }
  }

  /** Returns the largest number of items that would come before a new one. */
  ahead(path: TurnPath): number {
    return aheadIn(this.#root, path)
  }

  /** Yields all items in the order of their turns, each once for each of its paths. */
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

function shrink<Item>(branch: Branch<Item>, parent: Branch<Item>, isServed: boolean): void {
  branch.size -= 1
  if (branch.place && (isServed || branch.size === 0)) parent.ring.remove(branch.place)
  if (branch.size === 0) parent.children.delete(branch.key)
  else if (isServed) branch.place = parent.ring.append(branch)
}

function aheadIn<Item>(branch: Branch<Item>, [key, ...rest]: TurnPath): number {
  if (branch.children.size === 0) return branch.items.size
  const own = branch.children.get(key)
  const ahead = own ? aheadIn(own, rest) : 0
  const others = branch.children.size - (own ? 1 : 0)
  // Each of the others has at most one turn before each turn of the own branch.
  return ahead + Math.min(Math.max(0, branch.size - (own?.size ?? 0)), others * (ahead + 1))
}

function* itemsOf<Item>({ items, ring }: Branch<Item>): Generator<Item> {
  for (const { item } of items) yield item
  let children = [...ring].map(itemsOf)
  while (children.length > 0) {
    const left: typeof children = []
    for (const child of children) {
      const { done, value } = child.next()
      if (done) continue
      yield value
      left.push(child)
    }
    children = left
  }
}
