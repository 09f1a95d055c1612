import type { PinStatus, StringMap } from '../domain/pin.ts'

/** The parts of a pin that the API shows. */
export interface ShownPin {
  readonly requestId: string
  readonly status: PinStatus
  /** RFC 3339. */
  readonly created: string
  readonly cid: string
  readonly name: string | null
  readonly origins: readonly string[]
  readonly meta: StringMap
  readonly delegates: readonly string[]
  readonly info: StringMap
}

/** `PinStatus` as it goes over the wire. */
export interface PinStatusBody {
  readonly requestid: string
  readonly status: string
  readonly created: string
  readonly pin: {
    readonly cid: string
    readonly name?: string
    readonly origins?: readonly string[]
    readonly meta?: StringMap
  }
  readonly delegates: readonly string[]
  readonly info: StringMap
}

/**
 * Prints a pin as `PinStatus`. Omits optional fields of `pin` that are empty.
 *
 * @see Pinning Service API 1.0.0, schema `PinStatus`
 */
export function printPinStatus({
  requestId,
  status,
  created,
  cid,
  name,
  origins,
  meta,
  delegates,
  info,
}: ShownPin): PinStatusBody {
  return {
    requestid: requestId,
    status,
    created,
    pin: {
      cid,
      ...(name === null ? {} : { name }),
      ...(origins.length === 0 ? {} : { origins }),
      ...(Object.keys(meta).length === 0 ? {} : { meta }),
    },
    delegates,
    info,
  }
}
