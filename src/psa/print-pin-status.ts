import type { PinStatus, StringMap } from '../domain/pin.ts'

/** What of a stored pin goes over the wire. `created` is in milliseconds. */
export interface ListedPin {
  readonly requestId: string
  readonly status: PinStatus
  readonly created: number
  readonly cid: string
  readonly name: string | null
  readonly origins: readonly string[]
  readonly meta: StringMap
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
 * Writes a pin as the specification's `PinStatus`; what the client left out stays out.
 *
 * @param progress what is known of a pin that is being fetched, beside its stored info
 */
export function toPinStatusBody(pin: ListedPin, delegates: readonly string[], progress: StringMap): PinStatusBody {
  return {
    requestid: pin.requestId,
    status: pin.status,
    created: new Date(pin.created).toISOString(),
    pin: {
      cid: pin.cid,
      ...(pin.name === null ? {} : { name: pin.name }),
      ...(pin.origins.length === 0 ? {} : { origins: pin.origins }),
      ...(Object.keys(pin.meta).length === 0 ? {} : { meta: pin.meta }),
    },
    delegates,
    info: { ...pin.info, ...progress },
  }
}
