import { MalformedResponseError } from '../../../domain/errors.ts'
import type { Pin } from '../../../domain/pin.ts'
import { pinBytesOf } from '../../../domain/pin-bytes.ts'
import { listsTooMany, type PinRoom, type PinShare } from '../../../domain/pin-room.ts'
import { isSameState } from '../../../domain/pin-state.ts'
import type { LeftOut, PinPage, PinRecords } from '../../http/pin-page.ts'
import { LeftOutRecords } from '../lists/left-out.ts'

/**
 * Most lists in a row that may show no new pin. A whole read may list the same pins again one status or one CID at a time, and once
 * more from the beginning.
 */
const MAX_LISTS_WITHOUT_NEWS = 1_000

/** The pins that the lists of a whole read have shown so far. Disposing it frees their room. */
export class CollectedPins implements Disposable, PinRecords {
  readonly pins: Pin[] = []
  readonly #service: string
  readonly #leftOut = new LeftOutRecords()
  /** By request id: the pin as it was shown last. */
  readonly #last = new Map<string, Pin>()
  readonly #share: PinShare
  #listsWithoutNews = 0

  constructor({ service, room }: { readonly service: string; readonly room: PinRoom }) {
    this.#service = service
    this.#share = room.open(service)
  }

  get leftOut(): readonly LeftOut[] {
    return this.#leftOut.all()
  }

  /**
   * Takes the pins of a list.
   *
   * @throws {MalformedResponseError} when the service lists more than there is memory for, or the same pins again and again
   */
  add({ pins, leftOut }: PinPage): void {
    const known = this.#last.size
    let bytes = 0
    for (const pin of pins) {
      const last = this.#last.get(pin.requestId)
      if (last && last.created.ns === pin.created.ns && isSameState(last, pin)) continue
      this.#last.set(pin.requestId, pin)
      this.pins.push(pin)
      bytes += pinBytesOf(pin)
    }
    this.#leftOut.add(leftOut)
    this.#share.take(bytes)
    if (this.#share.isLost || this.#leftOut.areTooMany) throw listsTooMany(this.#service, this.#last.size)
    this.#listsWithoutNews = this.#last.size > known ? 0 : this.#listsWithoutNews + 1
    if (this.#listsWithoutNews <= MAX_LISTS_WITHOUT_NEWS) return
    const message = `${this.#service} lists the same ${known} pins again and again, whatever it is asked for`
    throw new MalformedResponseError(message, { service: this.#service })
  }

  [Symbol.dispose](): void {
    this.#share[Symbol.dispose]()
  }
}
