import { createHmac, timingSafeEqual } from 'node:crypto'
import { BadRequestError } from '../../domain/errors.ts'

/** A place in a tenant's stream of events. */
export interface LivePosition {
  /** Which life of the informer the number belongs to. */
  readonly epoch: string
  readonly seq: number
}

/** Where a subscriber resumes: after an event, or after one that is no longer known. */
export type ResumePoint = LivePosition | 'unknown'

/** Both multiples of 3, so that the parts of a cursor can be put together as text. */
const TAG_BYTES = 6
const SIGNATURE_BYTES = 12

/** Of a snapshot that is not told to its end: it stands for nothing, so that whoever comes back with it gets it again. */
export const NOWHERE: LivePosition = { epoch: '-', seq: 0 }

/**
 * Makes and reads cursors of live status: the tag of a selection, then a signed place.
 *
 * A cursor is bound to its tenant: one that belongs to another token says nothing, like one from before a restart. And to
 * its selection: behind an event, others have been told of other pins.
 */
export class LiveCursors {
  readonly #secret: Buffer

  constructor(secret: Buffer) {
    this.#secret = secret
  }

  /** What the cursors of a selection begin with. Made apart, since it is the same for all of them. */
  tagOf(selectionKey: string): string {
    return this.#tag(selectionKey).toString('base64url')
  }

  /** A place, to be put behind the tag of a selection. */
  format(tenant: string, { epoch, seq }: LivePosition): string {
    const body = Buffer.from(`${epoch}.${seq}`)
    return Buffer.concat([this.#sign(tenant, body), body]).toString('base64url')
  }

  /**
   * Reads a cursor.
   *
   * @returns null when pinql did not make it for this tenant, or before its last start
   * @throws {BadRequestError} for what is no cursor at all, or one of another selection
   */
  parse(tenant: string, selectionKey: string, cursor: string, argument = 'after'): LivePosition | null {
    const bytes = Buffer.from(cursor, 'base64url')
    const signature = bytes.subarray(TAG_BYTES, TAG_BYTES + SIGNATURE_BYTES)
    const body = bytes.subarray(TAG_BYTES + SIGNATURE_BYTES)
    const [, epoch, seq] = /^([\w-]+)\.(\d+)$/.exec(body.toString()) ?? []
    if (epoch === undefined) throw BadRequestError.of(argument, 'the cursor of an earlier event', cursor)
    if (!timingSafeEqual(signature, this.#sign(tenant, body))) return null
    if (bytes.subarray(0, TAG_BYTES).equals(this.#tag(selectionKey))) return { epoch, seq: Number(seq) }
    throw BadRequestError.of(argument, 'the cursor of an event of an equal subscription', cursor)
  }

  #tag(selectionKey: string): Buffer {
    const hash = createHmac('sha256', this.#secret).update(`selection:${selectionKey}`)
    return hash.digest().subarray(0, TAG_BYTES)
  }

  #sign(tenant: string, body: Buffer): Buffer {
    return createHmac('sha256', this.#secret)
      .update(`live:${tenant}:`)
      .update(body)
      .digest()
      .subarray(0, SIGNATURE_BYTES)
  }
}
