import { expect } from 'vitest'

/** Milliseconds that a busy machine may take beyond a deadline. Less than the shortest default deadline, which is 10 s. */
const GRACE_MS = 3_000

/**
 * Runs work that is promised to end by a deadline, and fails when it ends later.
 *
 * This is the only upper bound on the machine's time that a test may have. Where nothing is promised, compare an order or a
 * count instead: a bound that is merely generous fails on a busy machine, and proves nothing on a quick one.
 *
 * @param promised the name of the promised deadline and its milliseconds, such as `{ timeoutMs: 300 }`
 * @param work may reject, and its error is thrown on; a test of a refusal expects it within `work`
 * @param options.graceMs milliseconds beyond the deadline for work that the deadline does not cover. Default 3000
 */
export async function expectInTime<Value>(
  promised: Readonly<Record<string, number>>,
  work: () => PromiseLike<Value>,
  { graceMs = GRACE_MS }: { readonly graceMs?: number } = {},
): Promise<Value> {
  const startedAt = performance.now()
  const value = await work()
  const tookMs = performance.now() - startedAt
  for (const [name, ms] of Object.entries(promised)) expect(tookMs, `ends within ${name}`).toBeLessThan(ms + graceMs)
  return value
}
