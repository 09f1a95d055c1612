import { createHmac, timingSafeEqual } from 'node:crypto'
import { BadRequestError } from '../domain/errors.ts'

/** A place in a tenant's stream of events. */
export interface LivePosition {
  /** Which life of the informer the number belongs to. */
  readonly epoch: string
  readonly seq: number
}

/**
 * Makes and reads cursors of live status. They are signed and bound to the tenant: one that belongs to another token is
 * refused like one that was made up.
 */
export class LiveCursors {
  readonly #secret: Buffer

  /** @param secret the same after a restart, so that cursors of before are still known as ours */
  constructor(secret: Buffer) {
    this.#secret = secret
  }

  format(tenant: string, { epoch, seq }: LivePosition): string {
    const body = Buffer.from(`${epoch}.${seq}`)
    return Buffer.concat([this.#sign(tenant, body), body]).toString('base64url')
  }

  /** @throws {BadRequestError} when pinql did not make it for this tenant */
  parse(tenant: string, cursor: string, argument = 'after'): LivePosition {
    const position = this.#read(tenant, cursor)
    if (position) return position
    throw BadRequestError.of(argument, 'the cursor of an earlier event for the same token', cursor)
  }

  /** True when pinql made it for this tenant. */
  isOf(tenant: string, cursor: string): boolean {
    return this.#read(tenant, cursor) !== null
  }

  #read(tenant: string, cursor: string): LivePosition | null {
    const bytes = Buffer.from(cursor, 'base64url')
    const body = bytes.subarray(SIGNATURE_BYTES)
    const [, epoch, seq] = /^([\w-]+)\.(\d+)$/.exec(body.toString()) ?? []
    if (epoch === undefined) return null
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

const SIGNATURE_BYTES = 12
