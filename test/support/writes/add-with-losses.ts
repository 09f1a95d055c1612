import { OutcomeUnknownError } from '../../../src/domain/change-errors.ts'
import { PinqlError } from '../../../src/domain/errors.ts'
import type { Pin } from '../../../src/domain/pin.ts'
import { sleep } from '../../../src/upstream/waiting/sleep.ts'
import type { EmulatedProviderHooks } from '../providers/answer-request.ts'
import type { EmulatedPin } from '../providers/emulated-pin.ts'
import { ALICE, newPin, type WriteSetup } from './start-write-setup.ts'

export interface Losses {
  /** Number of adds, each with a key and a pin of its own. */
  readonly adds: number
  /** Number of clients that add at the same time. */
  readonly concurrency: number
  /** Percentage of answers that are lost after the pin is stored. Half as many requests fail before they store it. */
  readonly lostPercent: number
  readonly seed: number
}

export interface LossesReport {
  readonly adds: number
  /** Adds that ended with a pin, and those that ended with `OutcomeUnknownError`. */
  readonly added: number
  readonly unknown: number
  /** Any other last outcome. */
  readonly failed: number
  /** Keys with more than one pin at the service. */
  readonly duplicates: number
  /** Adds whose answer names another pin than the stored one, or no pin although one is stored. */
  readonly wrong: number
  readonly requests: number
}

const CLIENT_TRIES = 5

/**
 * Clients that add pins while answers get lost, against the truth at the service. They try again with the same key, after
 * 2, 4, 8 and 16 seconds: failures in a row, which happen by chance, may take the time of an add.
 */
export async function addWithLosses(setup: WriteSetup, losses: Losses): Promise<LossesReport> {
  const { service, tenant, clock, run } = setup
  const outcomes: (Pin | PinqlError)[] = []
  loseAnswers(setup, losses)
  let next = 0
  async function client(): Promise<void> {
    while (next < losses.adds) {
      const n = next++
      outcomes[n] = await addOften(n)
    }
  }
  async function addOften(n: number): Promise<Pin | PinqlError> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await tenant.addPin(newPin(n), `key ${n}`)
      } catch (error) {
        if (!(error instanceof PinqlError)) throw error
        if (attempt === CLIENT_TRIES) return error
        await sleep(clock, 1000 * 2 ** attempt)
      }
    }
  }
  await run(Promise.all(Array.from({ length: losses.concurrency }, client)))

  const stored = new Map<string | null, EmulatedPin[]>()
  for (const pin of service.pins(ALICE)) stored.set(pin.name, [...(stored.get(pin.name) ?? []), pin])
  const pinsOf = (n: number) => stored.get(`pin ${n}`) ?? []
  const unknown = outcomes.filter((outcome) => outcome instanceof OutcomeUnknownError).length
  const failed = outcomes.filter((outcome) => outcome instanceof PinqlError).length - unknown
  const isWrong = (outcome: Pin | PinqlError, n: number): boolean => {
    const pins = pinsOf(n)
    if (outcome instanceof OutcomeUnknownError) return false
    if (outcome instanceof PinqlError) return pins.length > 0
    return pins.every(({ requestId }) => requestId !== outcome.requestId)
  }
  return {
    adds: losses.adds,
    added: outcomes.length - unknown - failed,
    unknown,
    failed,
    duplicates: [...stored.values()].filter((pins) => pins.length > 1).length,
    wrong: outcomes.filter(isWrong).length,
    requests: service.count(),
  }
}

function loseAnswers({ service }: WriteSetup, { lostPercent, seed }: Losses): void {
  const random = randomNumbers(seed)
  const lose: EmulatedProviderHooks['afterCommit'] = () => (random() * 100 < lostPercent ? 'drop' : undefined)
  service.hooks.afterCommit = lose
  service.hooks.beforeReply = () => {
    // The next request fails before it does anything.
    if (random() * 200 < lostPercent) service.breakNext(1)
    return undefined
  }
}

/** The same numbers for the same seed, from 0 to 1. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
