import { MalformedResponseError, PinqlError } from '../../domain/errors.ts'
import type { Clock } from '../clock.ts'
import type { CallOptions } from './client.ts'
import type { UpstreamCall, UpstreamCallError } from './upstream-observer.ts'

/**
 * Makes one request, and reports it when it has ended. Reports nothing if the request was not sent.
 *
 * @param facts what is known of the request before
 * @param options as the request would be made without a report
 * @param send makes the request
 * @throws what `send` rejects with
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
  const report = (error: UpstreamCallError | null): void => {
    if (!sent) return
    const waiting = signal?.requestIds ?? []
    // Written out: to spread objects here costs more than all the rest of a report.
    onCall({
      service,
      endpoint,
      class: facts.class,
      attempt,
      waitedMs,
      requestIds: waiting.length > 0 ? waiting : sent.requestIds,
      tookMs: (answer?.at ?? clock.now()) - sent.at,
      status: answer?.status ?? null,
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
        sent = { at: clock.now(), requestIds: signal?.requestIds ?? [] }
      },
      onAnswer(response) {
        answer = { at: clock.now(), status: response.status }
        options.onAnswer?.(response)
      },
    })
  } catch (error) {
    const isRefusal = answer && error instanceof PinqlError && !(error instanceof MalformedResponseError)
    report(isRefusal ? null : { code: codeOf(error, signal?.aborted === true), cause: causeOf(error) })
    throw error
  }
  report(null)
  return value
}

function codeOf(error: unknown, isAborted: boolean): UpstreamCallError['code'] {
  if (error instanceof PinqlError) return error.code
  return isAborted ? 'ABORTED' : 'UNEXPECTED'
}

/** The code that Node or undici gave to what went wrong; never its words, which may hold an address. */
function causeOf(error: unknown): string | null {
  const cause = error instanceof PinqlError ? error.cause : null
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null
}
