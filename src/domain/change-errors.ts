import { BadRequestError, causeOf, PinqlError, show } from './errors.ts'
import type { Pin } from './pin.ts'

// The failures of changes alone. They stand apart from `errors.ts` because they carry pins, and a pin's parts import `errors.ts`.

/** A part of a replacement that the service's answer does not have. */
export interface IgnoredPart {
  /** `cid`: the service answered with a pin that it had before. */
  readonly part: 'name' | 'meta' | 'cid'
  readonly wanted: unknown
  readonly found: unknown
  /** True when the service answered with another pin that it had before, and not with the one to replace. */
  readonly isOthers: boolean
}

/**
 * The service answered a replacement with success, but not with the pin that was asked for.
 *
 * It left the name or `meta` as it was, or answered with a pin that it had before. Services with one pin per CID do this.
 */
export class UnchangedPinError extends BadRequestError {
  /** The new pin, if the service has already put it in the place of the old one. Otherwise empty. */
  readonly candidates: readonly Pin[]
  readonly #ignored: IgnoredPart
  readonly #serviceName: string

  /** @param path of the argument that has the parts; null if there is none */
  constructor(serviceName: string, ignored: IgnoredPart, candidates: readonly Pin[], path: string | null = null) {
    const { part, wanted, found } = ignored
    const [expected, received] = [show(wanted), show(found)]
    const message =
      part === 'cid'
        ? `${serviceName} answered the replacement with the pin ${received}, which it had before`
        : `${serviceName} accepted the replacement, but its ${part} had no effect: expected ${expected}, got ${received}`
    super(message, { argument: path === null ? part : `${path}.${part}`, expected, received, service: serviceName })
    this.candidates = candidates
    this.#ignored = ignored
    this.#serviceName = serviceName
  }

  /** Returns the same error with the path under which the client named the part. */
  at(path: string): UnchangedPinError {
    return new UnchangedPinError(this.#serviceName, this.#ignored, this.candidates, path)
  }
}

/** The same idempotency key was used for another change before. Nothing was done. */
export class IdempotencyConflictError extends PinqlError {
  override readonly name = 'IdempotencyConflictError'
  readonly code = 'IDEMPOTENCY_CONFLICT'
  readonly service: string
  readonly idempotencyKey: string
  constructor(serviceName: string, idempotencyKey: string) {
    super(`${serviceName}: the idempotency key ${show(idempotencyKey)} was used for another change; expected a new key`)
    this.service = serviceName
    this.idempotencyKey = idempotencyKey
  }
}

/**
 * A change was sent, no answer came, and the service does not show whether it was made.
 *
 * If the client sends the same change with the same key, pinql looks at the service again. It repeats the request only if that
 * cannot make a second pin.
 */
export class OutcomeUnknownError extends PinqlError {
  override readonly name = 'OutcomeUnknownError'
  readonly code = 'OUTCOME_UNKNOWN'
  readonly service: string
  readonly mayHaveActed = true
  /** Names the change in the `meta` of the pin, for the service's operators. */
  readonly operationId: string
  readonly idempotencyKey: string
  /** Pins that may be the result: content and name are equal, and nothing shows that they are older. */
  readonly candidates: readonly Pin[]
  constructor(
    serviceName: string,
    details: { operationId: string; idempotencyKey: string; candidates: readonly Pin[]; cause?: unknown },
  ) {
    super(`${serviceName} gave no answer, and does not show whether the change was made`, causeOf(details))
    this.service = serviceName
    this.operationId = details.operationId
    this.idempotencyKey = details.idempotencyKey
    this.candidates = details.candidates
  }
}
