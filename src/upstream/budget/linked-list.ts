/** Position of a value in a list. The value can be removed by it. */
export interface ListPlace<T> {
  readonly value: T
  previous: ListPlace<T> | undefined
  next: ListPlace<T> | undefined
}

/**
 * A queue that can also remove values from the middle in constant time.
 *
 * A `Map` or `Set` in insertion order would be shorter. But to find its first entry, V8 passes all deleted entries.
 */
export class LinkedList<T> {
  #first: ListPlace<T> | undefined
  #last: ListPlace<T> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get first(): T | undefined {
    return this.#first?.value
  }

  append(value: T): ListPlace<T> {
    const place: ListPlace<T> = { value, previous: this.#last, next: undefined }
    if (this.#last) this.#last.next = place
    else this.#first = place
    this.#last = place
    this.#size += 1
    return place
  }

  prepend(value: T): ListPlace<T> {
    const place: ListPlace<T> = { value, previous: undefined, next: this.#first }
    if (this.#first) this.#first.previous = place
    else this.#last = place
    this.#first = place
    this.#size += 1
    return place
  }

  /** Removes a value. It must be in this list. */
  remove(place: ListPlace<T>): void {
    if (place.previous) place.previous.next = place.next
    else this.#first = place.next
    if (place.next) place.next.previous = place.previous
    else this.#last = place.previous
    this.#size -= 1
  }

  *[Symbol.iterator](): Generator<T> {
    for (let place = this.#first; place; place = place.next) yield place.value
  }
}
