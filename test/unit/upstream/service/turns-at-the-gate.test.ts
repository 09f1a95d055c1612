import { describe, expect, it } from 'vitest'
import { FailedAnswerError } from '../../../../src/upstream/http/refusals.ts'
import { Stop } from '../../../../src/upstream/waiting/stop.ts'
import { PER_SECOND, startCalls } from '../../../support/upstream/start-calls.ts'

const failed = (status: number) =>
  new FailedAnswerError(`model answered ${status}`, { service: 'model', status, mayHaveActed: false })

type Calls = ReturnType<typeof startCalls>
type Outcome = ReturnType<Calls['call']>

function shareAnswered(outcomes: readonly Outcome[]): number {
  return outcomes.filter(({ value }) => value === 'answer').length / outcomes.length
}

/** Calls `make` every `everyMs` for a minute, with the number of the call. */
async function forAMinute({ clock }: Calls, everyMs: number, make: (n: number) => void): Promise<void> {
  for (let n = 0; n < 60_000 / everyMs; n++) {
    make(n)
    await clock.advance(everyMs)
  }
  await clock.advance(10_000)
}

describe('a good call', () => {
  it.each([
    [503, 2, 1000],
    [504, 2, 1000],
    [503, 2, 200],
    [503, 8, 1000],
    [500, 8, 1000],
  ])(
    'is not kept out by accounts whose calls all end in %i (%i of them, a list each %i ms)',
    async (status, accounts, everyMs) => {
      const calls = startCalls([PER_SECOND])
      const { model, call } = calls
      model.fate = (_, token) => (token.startsWith('m') ? { afterMs: 20, refusal: failed(status) } : { afterMs: 10 })
      const bob: Outcome[] = []
      await forAMinute(calls, 100, (n) => {
        if ((n * 100) % everyMs === 0) for (let m = 0; m < accounts; m++) call('list', { tenant: `m${m}` })
        if (n % 20 === 10) bob.push(call('list', { tenant: 'bob' }))
      })
      expect(shareAnswered(bob)).toBeGreaterThan(0.98)
    },
  )

  it('is let through after an outage beside broken accounts, though it was tried during the outage', async () => {
    const calls = startCalls([PER_SECOND])
    const { clock, model, call } = calls
    let isDown = true
    model.fate = (_, token) =>
      isDown || token.startsWith('m') ? { afterMs: 20, refusal: failed(503) } : { afterMs: 10 }
    const after: Outcome[] = []
    await forAMinute(calls, 100, (n) => {
      if (n % 10 === 0) for (let m = 0; m < 8; m++) call('list', { tenant: `m${m}` })
      isDown = clock.now() < 31_000
      if (n % 20 === 10) {
        const made = call('list', { tenant: 'bob' })
        if (clock.now() > 40_000) after.push(made)
      }
    })
    expect(shareAnswered(after)).toBe(1)
  })

  it.each(['pin', 'remove'] as const)('is not kept out where lists of the same token fail (%s)', async (what) => {
    const calls = startCalls([PER_SECOND])
    const { model, call } = calls
    model.fate = (operation) => (operation === 'list' ? { afterMs: 10, refusal: failed(500) } : { afterMs: 10 })
    const good: Outcome[] = []
    await forAMinute(calls, 100, (n) => {
      call('list')
      if (n % 20 === 9) good.push(call(what))
    })
    expect(shareAnswered(good)).toBe(1)
  })

  it('is not kept out by other callers of its token, whose lists fail', async () => {
    const calls = startCalls([PER_SECOND])
    const { clock, model, service, call } = calls
    model.fate = () => ({ afterMs: 10 })
    const good: Outcome[] = []
    const broken = (callerKey: string): void => {
      const send = async () => {
        await clock.sleep(10)
        throw failed(500)
      }
      const made = {
        tenantKey: 'alice',
        token: 'alice',
        endpoint: 'list',
        class: 'interactive',
        isRepeatable: true,
      } as const
      service.call({ ...made, signal: new Stop({ asker: { callerKey } }), send }).catch(() => {})
    }
    await forAMinute(calls, 100, (n) => {
      if (n % 5 === 0) for (let caller = 0; caller < 8; caller++) broken(`m${caller}`)
      if (n % 20 === 9) good.push(call('list', { callerKey: 'bob' }))
    })
    expect(shareAnswered(good)).toBeGreaterThan(0.98)
  })

  it.each([500, 503])('that changes something is not kept out by readers whose lists fail with %i', async (status) => {
    const calls = startCalls([PER_SECOND])
    const { model, call } = calls
    model.fate = (operation) => (operation === 'list' ? { afterMs: 10, refusal: failed(status) } : { afterMs: 10 })
    const changes: Outcome[] = []
    await forAMinute(calls, 100, (n) => {
      call('list')
      if (n % 10 === 9) changes.push(call('remove'))
    })
    expect(shareAnswered(changes)).toBeGreaterThan(0.9)
  })
})
