import type { Pin } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import { type Selection, selectionKey } from '../selection.ts'
import { View } from './view.ts'

/** The views of one tenant, indexed by the request ids that they follow. */
export class Views {
  readonly #byKey = new Map<string, View>()
  readonly #byPin = new Map<string, Set<View>>()
  readonly #queries = new Set<View>()

  get size(): number {
    return this.#byKey.size
  }

  [Symbol.iterator](): Iterator<View> {
    return this.#byKey.values()
  }

  /** Returns the views that have a subscriber. */
  active(): View[] {
    return [...this.#byKey.values()].filter(({ isActive }) => isActive)
  }

  /** Returns the views that have a subscriber and have been read. */
  begun(): View[] {
    return this.active().filter(({ hasBegun }) => hasBegun)
  }

  /** Returns the view of a selection, and creates it if there is none. */
  open(selection: Selection): View {
    const key = selectionKey(selection)
    const known = this.#byKey.get(key)
    if (known) return known
    const view = new View(selection)
    this.#byKey.set(key, view)
    if (view.query) this.#queries.add(view)
    for (const requestId of view.refs.keys()) this.#index(requestId, view)
    return view
  }

  /** Views that follow a pin by its id also follow its replacement from now on. */
  followReplacement(requestId: string, { service, requestId: successor, cid }: Pin): void {
    for (const view of this.#byPin.get(requestId) ?? []) {
      view.followReplacement(requestId, { service, requestId: successor, cid: cid.text })
      this.#index(successor, view)
    }
  }

  /** Removes a view. */
  drop(view: View): void {
    // A read that ends late may drop its view a second time. A new view of the same selection may exist by then.
    if (this.#byKey.get(view.key) === view) this.#byKey.delete(view.key)
    this.#queries.delete(view)
    for (const requestId of view.refs.keys()) {
      const same = this.#byPin.get(requestId)
      same?.delete(view)
      if (same?.size === 0) this.#byPin.delete(requestId)
    }
  }

  /** Returns all views that a change of these pins may concern. */
  concernedBy(...requestIds: readonly string[]): Set<View> {
    const views = new Set(this.#queries)
    for (const requestId of requestIds) for (const view of this.#byPin.get(requestId) ?? []) views.add(view)
    return views
  }

  /** Returns the reference by which a view follows a pin. Undefined when none follows it by its id. */
  refOf(requestId: string): PinRef | undefined {
    for (const { refs } of this.#byPin.get(requestId) ?? []) return refs.get(requestId)
    return undefined
  }

  /** Returns true when the cache must keep a pin for any view. */
  tracks(pin: Pin): boolean {
    return this.#byPin.has(pin.requestId) || this.#some(pin, () => true)
  }

  /** Returns true when a view with a subscriber needs a pin. */
  isFollowed(pin: Pin): boolean {
    for (const view of this.#byPin.get(pin.requestId) ?? []) if (view.isActive) return true
    return this.#some(pin, ({ isActive }) => isActive)
  }

  #index(requestId: string, view: View): void {
    const same = this.#byPin.get(requestId)
    if (same) same.add(view)
    else this.#byPin.set(requestId, new Set([view]))
  }

  #some(pin: Pin, isMeant: (view: View) => boolean): boolean {
    for (const view of this.#queries) if (isMeant(view) && view.tracks(pin)) return true
    return false
  }
}
