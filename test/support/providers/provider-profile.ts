import type { PinStatus } from '../../../src/domain/pin.ts'
import type { CreatedText } from './created-text.ts'
import type { EmulatedPin, PinBody } from './emulated-pin.ts'
import type { ErrorBody } from './error-bodies.ts'
import type { ListPins } from './list-steps.ts'
import type { Operation } from './operation.ts'
import type { PinCheck } from './pin-checks.ts'
import type { PinShape } from './pin-shape.ts'
import type { RateRule } from './rate-gate.ts'
import type { Refusal } from './refusal.ts'
import type { ReplaceMode } from './replace-modes.ts'
import type { RequestIdForm } from './request-ids.ts'
import type { WireReply } from './wire-reply.ts'

/** One request as the service saw it. */
export interface LoggedRequest {
  /** Milliseconds since 1970 by the service's clock, with fractions; when the head of the request had arrived. */
  readonly at: number
  readonly method: string
  /** Below the endpoint, still percent-encoded: `/pins/a%2Fb`. */
  readonly path: string
  readonly query: URLSearchParams
  /** The text after `Bearer`. Null if there was none. */
  readonly token: string | null
  /** Null when the path or method is none of the API's. */
  readonly operation: Operation | null
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** Null: no answer was sent (yet). */
  readonly status: number | null
}

/** All that makes one service differ from another: data, and functions without state. */
export interface ProviderProfile {
  readonly name: string
  /** The path of the base URL: empty, or such as `/psa`. */
  readonly basePath: string

  // Who may ask
  /** `per token`: each token has pins of its own. `shared`: all tokens see the same pins. */
  readonly tenancy: 'per token' | 'shared'
  readonly missingToken: Refusal
  readonly unknownToken: Refusal
  /** For tokens of accounts that have not paid. */
  readonly unpaid: Refusal
  /** Requests with a longer head are refused before anything else. */
  readonly maxHeadBytes: number
  readonly headTooLong: WireReply
  readonly rateRules: readonly RateRule[]
  /** Extra headers of an answer, given the request and all that are logged, itself included. */
  readonly headers: (request: LoggedRequest, log: readonly LoggedRequest[]) => Readonly<Record<string, string>>

  // Input: checks, and the pin that results
  readonly checks: readonly PinCheck[]
  /** Returns the parts of a sent pin that the service stores. */
  readonly keep: (body: PinBody) => PinBody
  readonly requestId: RequestIdForm
  readonly created: CreatedForm
  readonly bornAs: PinStatus
  /** The status after the present one, as `advance()` moves pins along. */
  readonly nextStatus: (pin: EmulatedPin, others: readonly EmulatedPin[]) => PinStatus
  readonly replace: ReplaceMode
  /** In how many lists after its POST a pin is still missing (#46). */
  readonly listsUntilVisible: number
  /** In how many answers after its DELETE a pin still shows. */
  readonly answersUntilRemoved: number

  // Answers
  readonly addStatus: number
  readonly replaceStatus: number
  readonly removed: WireReply
  readonly unknownPin: Refusal
  /** For a pin of another token; null: as if it did not exist. */
  readonly foreignPin: Refusal | null
  /** Null: the DELETE of an unknown id is answered as if it had been there (#4). */
  readonly removeUnknown: Refusal | null
  /** Any refusal, as this service words it. */
  readonly errorBody: ErrorBody
  /** For a path or method that it does not have. */
  readonly noRoute: (method: string) => WireReply
  /** A failure in its own works. */
  readonly broken: Refusal
  /** The operations that, broken, never answer (#34). */
  readonly silentWhenBroken: readonly Operation[]
  readonly shape: PinShape
  readonly list: ListPins
  /** The body of a list; may throw a refusal. */
  readonly listBody: (count: number, results: readonly object[]) => unknown
}

/** Rounding and format of `created`. */
interface CreatedForm {
  /** Instants are stored as whole multiples of this many nanoseconds. */
  readonly unit: bigint
  /** True: never the same twice, as the specification demands; false: ties happen (#13). */
  readonly unique: boolean
  /** Prints what is stored. */
  readonly text: CreatedText
  /** Prints `created` in the answer to a POST from the exact time of the request. Null: the answer has the stored time (#45). */
  readonly postText: CreatedText | null
}
