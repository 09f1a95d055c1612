import type { IncomingHttpHeaders } from 'node:http'
import { CloseCode } from 'graphql-ws'
import type { IdentifiedCaller, Identify } from '../../caller/caller.ts'
import { MalformedTokensError } from '../../caller/identify-by-tokens.ts'
import { UnauthenticatedError } from '../../caller/unauthenticated-error.ts'
import { CLOSE_REASONS, type CloseReason } from './close-reasons.ts'

/** A client that sends no `connection_init` within this time after it has connected is closed. */
const INIT_TIMEOUT_MS = 3_000

/**
 * The beginning of a WebSocket, from the upgrade until the caller is known.
 *
 * The connection then drops it together with the headers. Most sockets are idle afterwards, and should take little memory.
 */
export class Handshake {
  readonly #headers: IncomingHttpHeaders
  #timer: NodeJS.Timeout | null

  /**
   * @param headers of the upgrade request. Their tokens count unless `connection_init` has others.
   * @param onLate called when `connection_init` has not come in time
   */
  constructor(headers: IncomingHttpHeaders, onLate: () => void) {
    this.#headers = headers
    this.#timer = setTimeout(onLate, INIT_TIMEOUT_MS)
  }

  /**
   * Finds out who calls. To be called once, when `connection_init` has come.
   *
   * @param connectionParams the payload of `connection_init`
   */
  identify(identify: Identify, connectionParams: Readonly<Record<string, unknown>>): Promise<IdentifiedCaller> {
    this.cancel()
    return identify({ headers: this.#headers, connectionParams })
  }

  /** Stops waiting for `connection_init`. */
  cancel(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }
}

/** Returns the close reason for a failed identification. Null for a bug. */
export function refusalOf(error: unknown): CloseReason | null {
  if (error instanceof MalformedTokensError) return [CloseCode.BadRequest, error.message]
  if (error instanceof UnauthenticatedError) return CLOSE_REASONS.callerRefused
  return null
}
