import { describe, expect, it } from 'vitest'
import { compliant } from '../../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../../support/providers/example-cid.ts'
import { filebase } from '../../../support/providers/filebase.ts'
import { OPERATIONS } from '../../../support/providers/operation.ts'
import { pinata } from '../../../support/providers/pinata.ts'
import {
  type RateRule,
  retryAfterAbsent,
  retryAfterDate,
  retryAfterSeconds,
} from '../../../support/providers/rate-gate.ts'
import { jsonReply } from '../../../support/providers/wire-reply.ts'
import { SlidingLog } from '../../../support/sliding-log.ts'
import { ALICE, ask, BOB, listIds } from '../../../support/zoo/observe-zoo.ts'

const cid = exampleCid(1)

/** A clock that stands until it is moved. */
function standingClock(startMs: number) {
  let ns = BigInt(startMs) * 1_000_000n
  return {
    read: () => ns,
    advanceMs(ms: number) {
      ns += BigInt(ms) * 1_000_000n
    },
  }
}

describe('startEmulatedProvider', () => {
  it('logs each request with time, method, path, query, token, body and status', async () => {
    const clock = standingClock(1_000)
    await using service = await startEmulatedProvider(filebase, { clock: clock.read })
    await ask(service, 'GET', '/pins?limit=3&status=pinned')
    clock.advanceMs(5)
    await ask(service, 'POST', '/pins/a%2Fb', { cid }, BOB)

    expect(
      service.requests.map(({ at, method, path, query, token, operation, body, status }) => [
        at,
        method,
        path,
        Object.fromEntries(query),
        token,
        operation,
        body,
        status,
      ]),
    ).toEqual([
      [1000, 'GET', '/pins', { limit: '3', status: 'pinned' }, ALICE, 'list', '', 200],
      [1005, 'POST', '/pins/a%2Fb', {}, BOB, 'replace', JSON.stringify({ cid }), 404],
    ])
  })

  it('counts requests by method and path, and forgets them on request', async () => {
    await using service = await startEmulatedProvider(compliant)
    await ask(service, 'GET', '/pins')
    await ask(service, 'GET', '/pins/x')
    await ask(service, 'DELETE', '/pins/x')

    expect([
      service.count(),
      service.count('GET'),
      service.count('GET', '/pins'),
      service.count(undefined, /^\/pins\/./),
    ]).toEqual([3, 2, 1, 2])
    service.resetLog()
    expect(service.count()).toBe(0)
  })

  it('lets a test change pins behind its back', async () => {
    await using service = await startEmulatedProvider(compliant)
    const [first, second] = service.seed(ALICE, [{ cid }, { cid: exampleCid(2), requestId: 'mine' }])
    service.setStatus(ALICE, 'mine', 'failed', { status_details: 'no provider' })
    service.removeDirectly(ALICE, first?.requestId ?? '')

    expect(service.pins(ALICE)).toEqual([{ ...second, status: 'failed', info: { status_details: 'no provider' } }])
    expect(service.pins(BOB)).toEqual([])
  })

  it('stores a pin for each POST, with ever later times though the clock stands', async () => {
    await using service = await startEmulatedProvider(compliant, { clock: standingClock(1_000).read })
    await ask(service, 'POST', '/pins', { cid, name: 'a' })
    await ask(service, 'POST', '/pins', { cid, name: 'b' })

    expect(service.pins(ALICE).map(({ name, created }) => [name, created])).toEqual([
      ['a', 1_000_000_000n],
      ['b', 1_001_000_000n],
    ])
  })

  it('changes pins between two pages by a hook', async () => {
    await using service = await startEmulatedProvider(compliant)
    service.seed(ALICE, [{ cid, requestId: 'old', created: '2023-01-01T00:00:00Z' }])
    service.hooks.beforeReply = (request) => {
      if (request.operation === 'list' && service.pins(ALICE).length === 1) {
        service.seed(ALICE, [{ cid, requestId: 'new', created: '2023-01-02T00:00:00Z' }])
      }
    }

    expect(await listIds(service, 'limit=10')).toEqual(['old'])
    expect(await listIds(service, 'limit=10')).toEqual(['new', 'old'])
  })

  it('answers what a hook says instead', async () => {
    await using service = await startEmulatedProvider(compliant, {
      hooks: { beforeReply: () => jsonReply(503, { error: { reason: 'MAINTENANCE' } }) },
    })

    const { status, json } = await ask(service, 'GET', '/pins')
    expect([status, json, service.requests[0]?.status]).toEqual([503, { error: { reason: 'MAINTENANCE' } }, 503])
  })

  it('loses the reply after the pin is stored', async () => {
    await using service = await startEmulatedProvider(compliant)
    service.hooks.afterCommit = () => 'drop'

    await expect(ask(service, 'POST', '/pins', { cid, name: 'kept' })).rejects.toThrow('fetch failed')
    expect(service.pins(ALICE).map(({ name }) => name)).toEqual(['kept'])
    expect(service.requests.map(({ status }) => status)).toEqual([null])
  })

  it('calls no commit hook for refused requests, nor for reads', async () => {
    let commits = 0
    await using service = await startEmulatedProvider(compliant, {
      hooks: {
        afterCommit: () => {
          commits++
        },
      },
    })
    await ask(service, 'POST', '/pins', { cid: 'no cid' })
    await ask(service, 'DELETE', '/pins/unknown')
    await ask(service, 'GET', '/pins')
    expect(commits).toBe(0)
    await ask(service, 'POST', '/pins', { cid })
    expect(commits).toBe(1)
  })

  it('loses all pins in a restart without a disk (#47)', async () => {
    await using service = await startEmulatedProvider(compliant)
    service.seed(ALICE, [{ cid, requestId: 'x' }])
    service.forgetAll()

    expect((await ask(service, 'GET', '/pins/x')).status).toBe(404)
  })

  it('breaks the next requests only', async () => {
    await using service = await startEmulatedProvider(compliant)
    service.breakNext(2)
    const statuses = []
    for (let n = 0; n < 3; n++) statuses.push((await ask(service, 'GET', '/pins')).status)

    expect(statuses).toEqual([500, 500, 200])
  })

  it('knows the tokens that it is told', async () => {
    await using service = await startEmulatedProvider(compliant, { tokens: ['only'] })

    expect((await ask(service, 'GET', '/pins', undefined, ALICE)).status).toBe(401)
    expect((await ask(service, 'GET', '/pins', undefined, 'only')).status).toBe(200)
  })

  it('reports its own failure to the test', async () => {
    const service = await startEmulatedProvider({
      ...compliant,
      list: () => {
        throw new TypeError('a bug in a profile')
      },
    })
    expect((await ask(service, 'GET', '/pins')).text).toContain('The emulator failed: TypeError: a bug in a profile')

    await expect(service[Symbol.asyncDispose]()).rejects.toMatchObject({
      errors: [new TypeError('a bug in a profile')],
    })
  })
})

describe('the limits of an emulated service', () => {
  const twoASecond: RateRule = {
    name: 'two a second',
    scope: 'token',
    operations: OPERATIONS,
    limit: 2,
    windowMs: 1000,
    retryAfter: retryAfterSeconds,
  }

  it('admits exactly the limit in any window, and says when to come back', async () => {
    const clock = standingClock(10_000)
    await using service = await startEmulatedProvider(compliant, { clock: clock.read, rateRules: [twoASecond] })
    const statuses = []
    for (const pauseMs of [0, 600, 100, 299, 1, 0, 599, 1]) {
      clock.advanceMs(pauseMs)
      statuses.push((await ask(service, 'GET', '/pins')).status)
    }

    // At 0, 600, 700, 999, 1000, 1000, 1599, 1600 ms.
    expect(statuses).toEqual([200, 200, 429, 429, 200, 429, 429, 200])
    const admitted = service.requests.filter(({ status }) => status === 200).map(({ at }) => at)
    expect(new SlidingLog(admitted).maxInWindow(1000)).toBe(2)
  })

  it.each([
    ['seconds, rounded up', retryAfterSeconds, '1'],
    ['a date', retryAfterDate, 'Thu, 01 Jan 1970 00:00:11 GMT'],
    ['nothing', retryAfterAbsent, null],
  ])('announces the wait as %s', async (_form, retryAfter, expected) => {
    await using service = await startEmulatedProvider(compliant, {
      clock: standingClock(10_000).read,
      rateRules: [{ ...twoASecond, limit: 1, retryAfter }],
    })
    await ask(service, 'GET', '/pins')
    const { status, headers, json } = await ask(service, 'GET', '/pins')

    expect([status, headers.get('retry-after')]).toEqual([429, expected])
    expect(json).toEqual({ error: { reason: 'RATE_LIMITED', details: 'Too many requests: two a second' } })
  })

  it('counts each token for itself, or all of an address together', async () => {
    const both = async (scope: RateRule['scope']) => {
      await using service = await startEmulatedProvider(compliant, { rateRules: [{ ...twoASecond, limit: 1, scope }] })
      const first = await ask(service, 'GET', '/pins', undefined, ALICE)
      const second = await ask(service, 'GET', '/pins', undefined, BOB)
      return [first.status, second.status]
    }

    expect(await both('token')).toEqual([200, 200])
    expect(await both('address')).toEqual([200, 429])
  })

  it('lets Pinata list 30 times a minute, and read single pins beside that (#33, #50)', async () => {
    const clock = standingClock(60_000)
    await using service = await startEmulatedProvider(pinata, { clock: clock.read, rateRules: 'as documented' })
    for (let n = 0; n < 30; n++) expect((await ask(service, 'GET', '/pins')).status).toBe(200)
    const refused = await ask(service, 'GET', '/pins')
    const single = await ask(service, 'GET', '/pins/x')

    expect([refused.status, refused.headers.get('retry-after'), single.status]).toEqual([429, '60', 404])
    clock.advanceMs(60_000)
    expect((await ask(service, 'GET', '/pins')).status).toBe(200)
  })

  it('announces at Pinata what one of several nodes counted, on lists only (#33, #50)', async () => {
    await using service = await startEmulatedProvider(pinata, { clock: standingClock(60_000).read })
    const announced = []
    for (const path of ['/pins', '/pins', '/pins', '/pins/x', '/pins', '/pins']) {
      const { headers } = await ask(service, 'GET', path)
      announced.push(['limit', 'remaining', 'reset'].map((key) => headers.get(`x-ratelimit-${key}`)))
    }

    expect(announced).toEqual([
      ['5', '4', '70'],
      ['5', '4', '70'],
      ['5', '3', '70'],
      [null, null, null],
      ['5', '4', '70'],
      ['5', '2', '70'],
    ])
  })

  it('lets one address call Filebase 100 times a second, whatever the token', async () => {
    await using service = await startEmulatedProvider(filebase, {
      clock: standingClock(60_000).read,
      rateRules: 'as documented',
    })
    const statuses = await Promise.all(
      Array.from(
        { length: 101 },
        async (_, n) => (await ask(service, 'GET', '/pins', undefined, n % 2 ? ALICE : BOB)).status,
      ),
    )

    expect(statuses.filter((status) => status === 200)).toHaveLength(100)
    expect(statuses.filter((status) => status === 429)).toHaveLength(1)
  })

  it('enforces nothing unless asked to', async () => {
    await using service = await startEmulatedProvider(pinata, { clock: standingClock(60_000).read })
    for (let n = 0; n < 40; n++) expect((await ask(service, 'GET', '/pins')).status).toBe(200)
  })
})
