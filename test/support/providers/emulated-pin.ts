import type { PinStatus } from '../../../src/domain/pin.ts'

/** The parts of a client's pin that the service stores. Null: the client sent none, or the service dropped it. */
export interface PinBody {
  readonly cid: string
  readonly name: string | null
  readonly origins: readonly string[] | null
  readonly meta: Readonly<Record<string, string>> | null
}

/** One pin as the service really holds it, whatever its answers make of that. */
export interface EmulatedPin extends PinBody {
  readonly requestId: string
  /** Equal for equal content; the CID's text where it is no real CID. */
  readonly cidKey: string
  readonly status: PinStatus
  /** Nanoseconds since 1970, already cut to what the service stores. */
  readonly created: bigint
  readonly info: Readonly<Record<string, string>>
}
