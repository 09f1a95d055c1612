/** Never resolves, and rejects with the reason of `signal` when it aborts, as an unanswered upstream request does. */
export function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}
