import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { recordEvents } from '../../support/record-events.ts'
import { json, type ScriptedHandler, startScriptedServer, text } from '../../support/scripted-server.ts'
import { ALICE } from '../../support/start-test-api.ts'
import { createTestRegistry } from '../../support/upstream/create-test-registry.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const PINNED = { statuses: ['pinned'], limit: 10 } as const
const EMPTY = json(200, { count: 0, results: [] })
const REST = { tokenFrom: null, pausedMs: null, repeats: 0 }

/** A registry whose time stands still, but for waits. */
async function start() {
  // No pause before a retry.
  vi.spyOn(Math, 'random').mockReturnValue(0)
  onTestFinished(() => void vi.restoreAllMocks())
  const upstream = await startScriptedServer()
  const clock = new VirtualClock(1000)
  const { observer, calls, services } = recordEvents()
  const settings = { name: 'one', endpoint: upstream.endpoint, token: ALICE, provider: null }
  const registry = createTestRegistry([settings], 'one', { observer, clock })
  onTestFinished(async () => {
    await registry[Symbol.asyncDispose]()
    await upstream[Symbol.asyncDispose]()
  })
  /** Polls with a token, the configured one by default; waits on the clock take no time. Polls wait for no service. */
  async function list(token: string | null = null): Promise<void> {
    let isOver = false
    const listed = registry.tenant('one', token).reads.listPins(PINNED, { class: 'live' })
    listed.then(
      () => {
        isOver = true
      },
      () => {
        isOver = true
      },
    )
    while (!isOver) await clock.advance(1)
    await listed.catch(() => {})
  }
  const answer = async (handler: ScriptedHandler, token: string | null = null, times = 1): Promise<void> => {
    upstream.reply(...Array.from({ length: times }, () => handler))
    await list(token)
  }
  return { upstream, clock, calls, services, list, answer }
}

describe('onService', () => {
  it('reports a pause once a minute, with its length and how often there were more', async () => {
    const { services, answer, clock } = await start()
    const limited = text(429, 'slow down', { 'retry-after': '7' })
    await answer(limited, null, 2)
    expect(services).toEqual([
      {
        service: 'one',
        state: 'paused',
        reason: 'one answered 429 for the token in the configuration: pinql pauses for 7 s',
        tokenFrom: 'configuration',
        pausedMs: 7000,
        repeats: 0,
      },
    ])
    await clock.advance(60_000)
    await answer(limited)
    expect(services.slice(1)).toMatchObject([{ state: 'paused', repeats: 1 }])
  })

  it('reports a pause for which the rate-limit headers of an answer ask', async () => {
    const { services, answer } = await start()
    const headers = { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '5' }
    await answer(json(200, { count: 0, results: [] }, headers), "mallory's token")
    expect(services).toMatchObject([
      {
        state: 'paused',
        pausedMs: 5000,
        tokenFrom: 'caller',
        reason: "one allows no more requests for a caller's token: pinql pauses for 5 s",
      },
    ])
    const left = { ...headers, 'x-ratelimit-remaining': '1' }
    await answer(json(200, { count: 0, results: [] }, left))
    expect(services).toHaveLength(1)
  })

  it('reports a refused token, and does not let tokens of callers hide the configured one', async () => {
    const { services, answer, clock, calls } = await start()
    const refused = (token: string) => text(401, `no such token: ${token}`)
    for (let n = 0; n < 20; n++) await answer(refused(`secret-${n}`), `secret-${n}`)
    await answer(refused(ALICE))
    await clock.advance(60_000)
    await answer(text(403, 'forbidden'), 'secret-20')
    expect(services).toEqual(
      [
        { state: 'refusingToken', tokenFrom: 'caller', repeats: 0, reason: "one refused a caller's token" },
        {
          state: 'refusingToken',
          tokenFrom: 'configuration',
          repeats: 0,
          reason: 'one refused the token in the configuration',
        },
        {
          state: 'refusingToken',
          tokenFrom: 'caller',
          repeats: 19,
          reason: "one refused a caller's token (19 times more since the last report)",
        },
      ].map((event) => ({ service: 'one', pausedMs: null, ...event })),
    )
    expect(JSON.stringify([calls, services])).not.toMatch(new RegExp(`secret|${ALICE}`))
  })

  it('reports that the only token in use is left alone as down, and when the service is back', async () => {
    const { services, answer, clock, list, upstream } = await start()
    await answer(text(503, 'no pin of alice works'), null, 3)
    const reason = 'one answered 503, several times in a row: pinql sends no requests for a while'
    expect(services).toEqual([{ service: 'one', state: 'down', reason, ...REST }])
    await list()
    expect([upstream.requests.length, services.length]).toEqual([3, 1])
    await clock.advance(4000)
    await answer(EMPTY)
    expect(services.slice(1)).toEqual([
      { service: 'one', state: 'up', reason: 'one answers again, after 4 s', ...REST },
    ])
  })

  it('reports that some tokens are left alone as partly down, and all of them as down', async () => {
    const { services, answer, clock } = await start()
    await answer(EMPTY, 'token of bob')
    await answer(text(500, 'a list too long'), 'token of mallory', 3)
    const reason = 'one answered 500, several times in a row: pinql sends no requests with one token for a while'
    expect(services).toEqual([{ service: 'one', state: 'partlyDown', reason, ...REST }])
    await answer(text(500, 'broken'), 'token of bob', 3)
    expect(services.slice(1)).toMatchObject([{ state: 'down' }])
    await clock.advance(4000)
    await answer(EMPTY, 'token of bob')
    expect(services.slice(2)).toMatchObject([{ state: 'partlyDown' }])
    await clock.advance(4000)
    await answer(EMPTY, 'token of mallory')
    expect(services.slice(3)).toMatchObject([{ state: 'up' }])
  })

  it('forgets a token that is no longer used', async () => {
    const { services, answer, clock } = await start()
    await answer(EMPTY)
    await answer(text(500, ''), 'token of mallory', 3)
    await clock.advance(290_000)
    await answer(EMPTY)
    expect(services.map(({ state }) => state)).toEqual(['partlyDown'])
    await clock.advance(20_000)
    await answer(EMPTY)
    expect(services.map(({ state }) => state)).toEqual(['partlyDown', 'up'])
  })

  it('reports an outage that two tokens meet as down', async () => {
    const { services, answer } = await start()
    await answer(EMPTY, 'token of carol')
    await answer(text(502, ''), 'token of alice', 3)
    await answer(text(502, ''), 'token of bob')
    expect(services).toMatchObject([{ state: 'partlyDown' }, { state: 'down' }])
  })

  it('is not flooded by a caller whose requests fail and work in turns', async () => {
    const { services, answer, clock } = await start()
    const token = 'token of mallory'
    await answer(EMPTY)
    for (let n = 0; n < 50; n++) {
      await answer(text(500, ''), token, 3)
      await clock.advance(1000)
      await answer(EMPTY, token)
      await answer(EMPTY)
    }
    expect(services.length).toBeLessThan(15)
    await clock.advance(60_000)
    await answer(EMPTY)
    expect(services.at(-1)).toMatchObject({ state: 'up' })
  })

  it('gets no event for requests that fail because the gateway stops', async () => {
    const upstream = await startScriptedServer()
    const { observer, services } = recordEvents()
    const settings = { name: 'one', endpoint: upstream.endpoint, token: ALICE, provider: null }
    const registry = createTestRegistry([settings], 'one', { observer })
    const tenants = Array.from({ length: 20 }, (_, n) => registry.tenant('one', `token ${n}`))
    upstream.reply(...tenants.map(() => () => {}))
    const listed = tenants.map((tenant) => tenant.reads.listPins(PINNED))
    const settled = Promise.allSettled(listed)
    await expect.poll(() => upstream.requests.length).toBe(20)
    await registry[Symbol.asyncDispose]()
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true)
    expect(services).toEqual([])
    await upstream[Symbol.asyncDispose]()
  })
})
