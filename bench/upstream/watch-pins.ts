import { setTimeout as delay } from 'node:timers/promises'
import { stockClient } from '../../test/support/live-transport/start-live-setup.ts'

const PINS_CHANGED = 'subscription { pinsChanged { kind remaining pin { requestId status } } }'

interface Event {
  readonly kind: string
  readonly remaining: number | null
  readonly pin: { readonly requestId: string; readonly status: string } | null
}

export interface PinsWatch {
  /** Resolves when the snapshot has come. */
  readonly caughtUp: Promise<void>
  /** Waits until all statuses that were told are those of `truth`. Returns how many are not, after `deadlineMs`. */
  compare(
    truth: () => readonly { readonly requestId: string; readonly status: string }[],
    deadlineMs: number,
  ): Promise<number>
  stop(): Promise<void>
}

/** Follows all pins of a token over a WebSocket, as a frontend does. */
export function watchPins(url: string, token: string): PinsWatch {
  const client = stockClient(url.replace('http', 'ws'), { token, retryWait: () => delay(200), retryAttempts: 1_000 })
  const statuses = new Map<string, string>()
  let isCaughtUp = (): void => {}
  const caughtUp = new Promise<void>((resolve) => {
    isCaughtUp = resolve
  })
  client.subscribe<{ pinsChanged: Event }>(
    { query: PINS_CHANGED },
    {
      next({ data }) {
        const { kind, pin, remaining } = data?.pinsChanged ?? {}
        if (pin) statuses.set(pin.requestId, pin.status.toLowerCase())
        if (kind === 'CAUGHT_UP' || (kind === 'SNAPSHOT' && remaining === 0)) isCaughtUp()
      },
      error: (error) => void process.stdout.write(`The subscription ended: ${JSON.stringify(error)}\n`),
      complete() {},
    },
  )
  return {
    caughtUp,
    async compare(truth, deadlineMs) {
      let wrong = Number.POSITIVE_INFINITY
      for (const endsAt = performance.now() + deadlineMs; wrong > 0 && performance.now() < endsAt; await delay(100)) {
        wrong = truth().filter(({ requestId, status }) => statuses.get(requestId) !== status).length
      }
      return wrong
    },
    async stop() {
      await client.dispose()
    },
  }
}
