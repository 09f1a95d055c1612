import { MalformedResponseError, PinqlError } from '../../domain/errors.ts'
import type { CallOptions } from '../http/client.ts'
import type { Clock } from '../waiting/clock.ts'
import type { UpstreamCall, UpstreamCallError } from './upstream-observer.ts'

/**
 * Makes one try of a call, and reports its request when it has ended. Reports nothing if the request was not sent.
 *
 * @param facts the part of the report that is known before the request
 * @param options the options that `send` would get without a report
 * @param send makes the request
 * @throws whatever `send` rejects with
 */
export async function reportCall<Value>(
  facts: Pick<UpstreamCall, 'service' | 'endpoint' | 'class' | 'attempt' | 'waitedMs'>,
  options: CallOptions,
  { clock, onCall }: { readonly clock: Clock; onCall(call: UpstreamCall): void },
  send: (options: CallOptions) => Promise<Value>,
): Promise<Value> {
  const { token, signal, timeoutMs } = options
  const { service, endpoint, attempt, waitedMs } = facts
  let sent: { readonly at: number; readonly requestIds: readonly string[] } | undefined
  let answer: { readonly at: number; readonly status: number } | undefined
  const report = (refusal: UpstreamCall['refusal'], error: UpstreamCallError | null): void => {
    if (!sent) return
    const waiting = signal?.operationIds ?? []
    // Written out, since spreading objects here costs more than the rest of a report.
    onCall({
      service,
      endpoint,
      class: facts.class,
      attempt,
      waitedMs,
      requestIds: waiting.length > 0 ? waiting : sent.requestIds,
      tookMs: (answer?.at ?? clock.now()) - sent.at,
      status: answer?.status ?? null,
      refusal,
      error,
    })
  }
  let value: Value
  try {
    value = await send({
      token,
      signal,
      timeoutMs,
      onSent() {
        sent = { at: clock.now(), requestIds: signal?.operationIds ?? [] }
        options.onSent?.()
      },
      onAnswer(response) {
        answer = { at: clock.now(), status: response.status }
        options.onAnswer?.(response)
      },
    })
  } catch (error) {
    const isRefusal = answer && error instanceof PinqlError && !(error instanceof MalformedResponseError)
    if (isRefusal) report(error.code, null)
    else report(null, { code: codeOf(error, signal?.aborted === true), cause: codeOfCause(error) })
    throw error
  }
  report(null, null)
  return value
}

function codeOf(error: unknown, isAborted: boolean): UpstreamCallError['code'] {
  if (error instanceof PinqlError) return error.code
  return isAborted ? 'ABORTED' : 'UNEXPECTED'
}

/** Returns the code that Node or undici gave to the failure. Never its message, which may contain an address. */
function codeOfCause(error: unknown): string | null {
  const cause = error instanceof PinqlError ? error.cause : null
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null
}
