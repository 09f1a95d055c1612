/** A place in a list, by which its value can be taken out again. */
export interface Place<T> {
  readonly value: T
  previous: Place<T> | undefined
  next: Place<T> | undefined
}

/**
 * A queue from whose middle values can be taken in constant time.
 *
 * A `Map` or `Set` in insertion order would be shorter, but finding its first entry walks over all deleted ones.
 */
export class LinkedList<T> {
  #first: Place<T> | undefined
  #last: Place<T> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get first(): T | undefined {
    return this.#first?.value
  }

  append(value: T): Place<T> {
    const place: Place<T> = { value, previous: this.#last, next: undefined }
    if (this.#last) this.#last.next = place
    else this.#first = place
    this.#last = place
    this.#size += 1
    return place
  }

  prepend(value: T): Place<T> {
    const place: Place<T> = { value, previous: undefined, next: this.#first }
    if (this.#first) this.#first.previous = place
    else this.#last = place
    this.#first = place
    this.#size += 1
    return place
  }

  /** Takes out a value that is in this list. */
  remove(place: Place<T>): void {
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
