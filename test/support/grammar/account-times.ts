type Any = <Value>(values: readonly Value[]) => Value
type Below = (limit: number) => number

/**
 * The times of the pins of an account.
 *
 * - `usual`: any number of pins at any times.
 * - `dense`: few instants, at whole and half seconds and beside them, with about as many pins each as services cut lists to. Small, and
 *   unkind: there, lists that were cut, rounded or widened look whole most often.
 * - `misread`: one or the other, and the same over minutes or hours, at services that read times wrongly, or print them so.
 */
export type Account = 'usual' | 'dense' | 'misread'

const SECOND_NS = 1_000_000_000n
const MS = 1_000_000n

/** Instants in nanoseconds after the start of an account, one for each pin. */
export const TIMES_OF: Readonly<Record<Account, (any: Any, below: Below) => bigint[]>> = {
  usual: usualTimes,
  dense: denseTimes,
  misread: (any, below) => any([usualTimes, denseTimes])(any, below),
}

/**
 * Mostly few pins; sometimes hundreds in one instant, or in one second. The sizes are of accounts, and not of services: hundreds of
 * pins come less often, since they take most of the time.
 */
function usualTimes(any: Any, below: Below): bigint[] {
  const times: bigint[] = []
  for (let groups = any([0, 1, 2, 5, 15, 40]); groups > 0; groups--) {
    const second = BigInt(below(any([2, 30]))) * SECOND_NS
    const at = second + BigInt(below(1000)) * any([0n, MS])
    const size = any([1, 1, 1, 1, 1, 2, 5, any([10, 20, 37, 100, 101]), any([1, 99, 500, 900, 950])])
    const spread = any([0n, 0n, 1n, 1_000n, MS])
    for (let pin = 0; pin < size; pin++) times.push(at + BigInt(pin) * spread)
    if (times.length > 2_000) break
  }
  return times
}

function denseTimes(any: Any, below: Below): bigint[] {
  const times: bigint[] = []
  for (let instants = any([2, 3, 5, 12, 25]); instants > 0 && times.length <= 120; instants--) {
    const second = BigInt(below(any([2, 4, 30]))) * SECOND_NS
    const ms = any([0, 0, 1, 250, 499, 500, 501, 999, below(1000)])
    const at = second + BigInt(ms) * MS + any([0n, 0n, 0n, 1n, 500_000n])
    const size = any([1, 1, 1, 2, 5, 9, 12, 19, 20, 25])
    for (let pin = 0; pin < size; pin++) times.push(at)
  }
  // So pins that are added later may be older.
  return any([true, false])
    ? times
    : times
        .map((time) => ({ time, place: below(1_000) }))
        .sort((a, b) => a.place - b.place)
        .map(({ time }) => time)
}
