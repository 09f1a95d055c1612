import { createHmac, timingSafeEqual } from 'node:crypto'
import { BadRequestError } from '../../domain/errors.ts'
import { MAX_ID_LENGTH } from '../../domain/pin-id.ts'

/** A place among a tenant's events. */
export interface LivePosition {
  /** Names the informer that counted `seq`. A new informer has a new epoch. */
  readonly epoch: string
  readonly seq: number
}

/** The position at which a subscriber resumes. `unknown` when its cursor was made for another token or before a restart. */
export type ResumePoint = LivePosition | 'unknown'

/** Both are multiples of 3, so that the base64url texts of a cursor's parts can be joined. */
const TAG_BYTES = 6
const SIGNATURE_BYTES = 12

/** Stands for no event. Used inside a snapshot, so that a subscriber that resumes there gets the snapshot again. */
export const NOWHERE: LivePosition = { epoch: '-', seq: 0 }

/**
 * Makes and reads cursors of live status: the tag of a selection, then a signed position.
 *
 * A cursor is bound to its tenant. A cursor of another token is unknown, as is one that was made before a restart. A cursor
 * is also bound to its selection, since subscribers of another selection got other events before it.
 */
export class LiveCursors {
  readonly #secret: Buffer

  constructor(secret: Buffer) {
    this.#secret = secret
  }

  /** Makes the first part of all cursors of a selection. Made apart, since it never changes and costs a hash. */
  tagOf(selectionKey: string): string {
    return this.#tag(selectionKey).toString('base64url')
  }

  /** Makes the second part of a cursor: a signed position. */
  format(tenantKey: string, { epoch, seq }: LivePosition): string {
    const body = Buffer.from(`${epoch}.${seq}`)
    return Buffer.concat([this.#sign(tenantKey, body), body]).toString('base64url')
  }

  /**
   * Reads a cursor.
   *
   * @returns null when the cursor was made for another tenant, or before pinql was started
   * @throws {BadRequestError} for a text that is no cursor, and for a cursor of another selection
   */
  parse(tenantKey: string, selectionKey: string, cursor: string): LivePosition | null {
    const bytes = Buffer.from(cursor.length <= MAX_ID_LENGTH ? cursor : '', 'base64url')
    const signature = bytes.subarray(TAG_BYTES, TAG_BYTES + SIGNATURE_BYTES)
    const body = bytes.subarray(TAG_BYTES + SIGNATURE_BYTES)
    const [, epoch, seq] = /^([\w-]+)\.(\d+)$/.exec(body.toString()) ?? []
    if (epoch === undefined) throw BadRequestError.of('after', 'the cursor of an earlier event', cursor)
    if (!timingSafeEqual(signature, this.#sign(tenantKey, body))) return null
    if (bytes.subarray(0, TAG_BYTES).equals(this.#tag(selectionKey))) return { epoch, seq: Number(seq) }
    throw BadRequestError.of('after', 'the cursor of an event of an equal subscription', cursor)
  }

  #tag(selectionKey: string): Buffer {
    const hash = createHmac('sha256', this.#secret).update(`selection:${selectionKey}`)
    return hash.digest().subarray(0, TAG_BYTES)
  }

  #sign(tenantKey: string, body: Buffer): Buffer {
    return createHmac('sha256', this.#secret)
      .update(`live:${tenantKey}:`)
      .update(body)
      .digest()
      .subarray(0, SIGNATURE_BYTES)
  }
}
