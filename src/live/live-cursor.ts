import { createHmac, timingSafeEqual } from 'node:crypto'
import { BadRequestError } from '../domain/errors.ts'

/** A place in a tenant's stream of events. */
export interface LivePosition {
  /** Which life of the informer the number belongs to. */
  readonly epoch: string
  readonly seq: number
}

const SIGNATURE_BYTES = 12

/** Of a snapshot that is not told to its end: it stands for nothing, so that whoever comes back with it gets it again. */
export const NOWHERE: LivePosition = { epoch: '-', seq: 0 }

/**
 * Makes and reads cursors of live status. They are signed and bound to the tenant: one that belongs to another token
 * says nothing, like one from before a restart.
 */
export class LiveCursors {
  readonly #secret: Buffer

  constructor(secret: Buffer) {
    this.#secret = secret
  }

  format(tenant: string, { epoch, seq }: LivePosition): string {
    const body = Buffer.from(`${epoch}.${seq}`)
    return Buffer.concat([this.#sign(tenant, body), body]).toString('base64url')
  }

  /**
   * Reads a cursor.
   *
   * @returns null when pinql did not make it for this tenant, or before its last start
   * @throws {BadRequestError} for what is no cursor at all
   */
  parse(tenant: string, cursor: string, argument = 'after'): LivePosition | null {
    const bytes = Buffer.from(cursor, 'base64url')
    const body = bytes.subarray(SIGNATURE_BYTES)
    const [, epoch, seq] = /^([\w-]+)\.(\d+)$/.exec(body.toString()) ?? []
    if (epoch === undefined) throw BadRequestError.of(argument, 'the cursor of an earlier event', cursor)
    const isOurs = timingSafeEqual(bytes.subarray(0, SIGNATURE_BYTES), this.#sign(tenant, body))
    return isOurs ? { epoch, seq: Number(seq) } : null
  }

  #sign(tenant: string, body: Buffer): Buffer {
    return createHmac('sha256', this.#secret)
      .update(`live:${tenant}:`)
      .update(body)
      .digest()
      .subarray(0, SIGNATURE_BYTES)
  }
}
