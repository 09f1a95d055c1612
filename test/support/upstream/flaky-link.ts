import { ServiceUnavailableError } from '../../../src/domain/errors.ts'
import type { Clock } from '../../../src/upstream/waiting/clock.ts'
import type { Fate, ModelOperation } from '../model/model-service.ts'
import { seededRandom } from '../seeded-random.ts'

/** The effect of an outage on the requests over a link. */
type Trouble = 'gone' | 'reset' | 'cut' | 'hang'

interface Outage {
  readonly from: number
  readonly until: number
  readonly trouble: Trouble
}

export interface FlakyLinkOptions {
  readonly clock: Clock
  readonly seed: number
  /** The part of the time that is spent in outages. */
  readonly share: number
  /** Milliseconds from now until the link is good for ever. */
  readonly lastsMs: number
  /** Milliseconds. */
  readonly shortestMs?: number
  readonly longestMs?: number
}

const TROUBLES: readonly Trouble[] = ['gone', 'reset', 'cut', 'hang']

/**
 * A link between pinql and a model service that fails now and then: no connection, resets, answers that are cut off, and
 * requests that hang until the outage is over.
 *
 * Give `fate` to a model service. The same seed has the same outages.
 */
export class FlakyLink {
  readonly outages: readonly Outage[]
  readonly #clock: Clock
  readonly #random: () => number

  constructor({ clock, seed, share, lastsMs, shortestMs = 400, longestMs = 1_900 }: FlakyLinkOptions) {
    this.#clock = clock
    this.#random = seededRandom(seed)
    const outages: Outage[] = []
    const end = clock.now() + lastsMs
    for (let at = clock.now(); ; ) {
      const lengthMs = shortestMs + this.#random() * (longestMs - shortestMs)
      // On average, good times are as long as `share` asks for.
      const from = at + lengthMs * (1 / share - 1) * (0.5 + this.#random())
      if (from > end) break
      const trouble = TROUBLES[Math.floor(this.#random() * TROUBLES.length)] ?? 'gone'
      outages.push({ from, until: from + lengthMs, trouble })
      at = from + lengthMs
    }
    this.outages = outages
  }

  /** Decides the fate of a request that is sent now. */
  fate(operation: ModelOperation): Fate {
    const now = this.#clock.now()
    const wayMs = 10 + this.#random() * 20
    const isActing = this.#random() < 0.5
    const isWrite = operation !== 'list' && operation !== 'get'
    const outage = this.outages.find(({ from, until }) => from < now + 2 * wayMs && now < until)
    if (!outage) return { beforeMs: wayMs, afterMs: wayMs }
    const reset = new ServiceUnavailableError('model could not be reached: ECONNRESET', {
      service: 'model',
      mayHaveActed: isWrite,
    })
    // The outage began while the request was on its way.
    if (outage.from > now)
      return isActing ? { beforeMs: wayMs, isReplyLost: true } : { beforeMs: wayMs, refusal: reset }
    if (outage.trouble === 'gone') {
      const refusal = new ServiceUnavailableError('model could not be reached: ECONNREFUSED', { service: 'model' })
      return { beforeMs: 1, refusal }
    }
    if (outage.trouble === 'cut') return { beforeMs: wayMs, isReplyLost: true }
    const afterMs = outage.trouble === 'hang' ? outage.until - now : wayMs
    return isActing ? { afterMs, isReplyLost: true } : { afterMs, refusal: reset }
  }
}
