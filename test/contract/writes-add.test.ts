import { describe, expect, it } from 'vitest'
import { OutcomeUnknownError } from '../../src/domain/change-errors.ts'
import {
  BadRequestError,
  InsufficientFundsError,
  RateLimitedError,
  ServiceUnavailableError,
} from '../../src/domain/errors.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { fourEverland } from '../support/providers/four-everland.ts'
import { pinata } from '../support/providers/pinata.ts'
import { web3Storage } from '../support/providers/web3-storage.ts'
import { jsonReply, reply } from '../support/providers/wire-reply.ts'
import { ALICE, loseFirstAnswer, newPin, requestsAt, startWriteSetup } from '../support/writes/start-write-setup.ts'

const peer = 'QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'
const PUBLIC = `/ip4/203.0.113.9/tcp/4001/p2p/${peer}`
const PRIVATE = `/ip4/192.168.1.2/tcp/4001/p2p/${peer}`

describe('adding a pin', () => {
  it('costs one request without faults', async () => {
    await using setup = await startWriteSetup()

    await setup.run(setup.tenant.addPin(newPin(1), 'key'))

    expect(requestsAt(setup)).toEqual(['POST /pins'])
  })

  it.each([
    ['the connection breaks after the pin is stored', () => 'drop' as const],
    ['the answer is 500 after the pin is stored', () => jsonReply(500, { error: { reason: 'X' } })],
    ['the answer is cut off', () => reply(202, 'application/json', '{"requestid":"x","sta')],
    ['the answer is HTML', () => reply(200, 'text/html', '<html></html>')],
  ])('finds the pin when %s', async (_what, answer) => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    service.hooks.afterCommit = answer

    const pin = await run(tenant.addPin(newPin(1), 'key'))

    expect(service.pins(ALICE).map(({ requestId }) => requestId)).toEqual([pin.requestId])
    expect(requestsAt(setup)).toEqual(['POST /pins', 'GET /pins'])
  })

  it('sends it again under the same operation if it did not arrive and the service is known to keep meta', async () => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    await run(tenant.addPin(newPin(1), 'earlier'))
    service.resetLog()
    service.breakNext(1)

    const pin = await run(tenant.addPin(newPin(2), 'key'))

    expect(service.pins(ALICE).map(({ requestId }) => requestId)).toContain(pin.requestId)
    expect(service.pins(ALICE)).toHaveLength(2)
    const posts = service.requests.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body).meta)
    expect(posts).toHaveLength(2)
    expect(posts[0]).toEqual(posts[1])
    expect(tenant.capabilities.keepsMeta).toBe(true)
  })

  it('sends it only once while it is unknown whether the service keeps meta', async () => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    service.breakNext(1)

    const outcome = await run(tenant.addPin(newPin(1), 'key').catch((error) => error))

    expect(outcome).toBeInstanceOf(OutcomeUnknownError)
    expect(outcome).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      service: 'one',
      idempotencyKey: 'key',
      operationId: expect.stringMatching(/^[0-9a-f]{32}$/),
      candidates: [],
    })
    expect(service.count('POST')).toBe(1)

    await run(tenant.addPin(newPin(2), 'other'))
    await run(tenant.addPin(newPin(1), 'key'))
    expect(service.pins(ALICE)).toHaveLength(2)
  })

  it('keeps the older of two pins when the first request is carried out late', async () => {
    await using setup = await startWriteSetup({ capabilities: { keepsMeta: true } })
    const { service, tenant, run } = setup
    service.breakNext(1)
    service.hooks.afterCommit = (request, answer) => {
      if (request.method !== 'POST') return undefined
      // The first request, which nobody thought of any more.
      const { cid, name, meta } = JSON.parse(request.body)
      service.seed(ALICE, [{ cid, name, meta, requestId: 'late', created: '2020-01-01T00:00:00Z' }])
      return answer
    }

    const pin = await run(tenant.addPin(newPin(1), 'key'))

    expect(pin.requestId).toBe('late')
    expect(service.pins(ALICE).map(({ requestId }) => requestId)).toEqual(['late'])
  })

  it('removes the pin of the first request if it appears within a minute after the second was answered', async () => {
    await using setup = await startWriteSetup({ capabilities: { keepsMeta: true } })
    const { service, tenant, run, clock } = setup
    service.breakNext(1)
    const pin = await run(tenant.addPin(newPin(1), 'key'))
    const { cid, name, meta } = JSON.parse(service.requests.find(({ method }) => method === 'POST')?.body ?? '')
    const created = '2020-01-01T00:00:00Z'
    service.seed(ALICE, [
      { cid, name, meta, requestId: 'late', created },
      { cid, name, requestId: 'of another', created },
    ])
    service.resetLog()

    const answeredAt = clock.now()
    while (service.count('DELETE') === 0 && clock.now() < answeredAt + 600_000) await clock.advance(100)
    await run(tenant.getPin(pin.requestId))

    expect(requestsAt(setup)).toEqual(['GET /pins', 'DELETE /pins/late', `GET /pins/${pin.requestId}`])
    expect(
      service
        .pins(ALICE)
        .map(({ requestId }) => requestId)
        .sort(),
    ).toEqual([pin.requestId, 'of another'].sort())
  })

  it('reports OUTCOME_UNKNOWN if the duplicate cannot be removed, and removes it the next time', async () => {
    await using setup = await startWriteSetup({ capabilities: { keepsMeta: true } })
    const { service, tenant, run } = setup
    service.breakNext(1)
    service.hooks.afterCommit = (request) => {
      if (request.method === 'DELETE') return undefined
      const { cid, name, meta } = JSON.parse(request.body)
      service.seed(ALICE, [{ cid, name, meta, requestId: 'late', created: '2020-01-01T00:00:00Z' }])
      return undefined
    }
    service.hooks.beforeReply = ({ method }) => {
      if (method === 'GET' && service.pins(ALICE).length === 2) service.breakNext(3)
      return undefined
    }
    const outcome = await run(tenant.addPin(newPin(1), 'key').catch((error) => error))
    expect(outcome).toBeInstanceOf(OutcomeUnknownError)
    expect(outcome.candidates).toHaveLength(2)

    service.breakNext(0)
    service.hooks.beforeReply = undefined
    const pin = await run(tenant.addPin(newPin(1), 'key'))
    expect(service.pins(ALICE).map(({ requestId }) => requestId)).toEqual([pin.requestId])
  })

  it('gives up within two and a half times the time of a call', async () => {
    await using setup = await startWriteSetup({ capabilities: { keepsMeta: true }, timeoutMs: 10_000 })
    const { service, tenant, run, clock } = setup
    service.hooks.beforeReply = () => 'drop'

    const outcome = await run(tenant.addPin(newPin(1), 'key').catch((error) => error))

    expect(outcome).toBeInstanceOf(OutcomeUnknownError)
    expect(clock.now()).toBeLessThanOrEqual(25_000)
  })

  it('does not wait longer than that for a list either', async () => {
    await using setup = await startWriteSetup({ capabilities: { keepsMeta: true }, timeoutMs: 10_000 })
    const { service, tenant, run, clock } = setup
    service.hooks.beforeReply = ({ method }) => (method === 'GET' ? new Promise(() => {}) : 'drop')

    const outcome = await run(tenant.addPin(newPin(1), 'key').catch((error) => error))

    expect(outcome).toBeInstanceOf(OutcomeUnknownError)
    expect(clock.now()).toBeLessThanOrEqual(26_000)
  })

  it('removes no pin that a service answered with instead of a new one (#43)', async () => {
    await using setup = await startWriteSetup({ capabilities: { keepsMeta: true, multiStatus: true } })
    const { service, tenant, run } = setup
    service.breakNext(1)
    service.hooks.afterCommit = ({ body }) => {
      const [made] = service.pins(ALICE)
      const [there] = service.seed(ALICE, [{ cid: exampleCid(1), name: 'there', requestId: 'there' }])
      const pin = { cid: JSON.parse(body).cid, name: there?.name }
      const answer = { requestid: 'there', status: 'pinned', created: '2026-01-31T12:00:00Z', pin, delegates: [] }
      return made ? jsonReply(202, answer) : undefined
    }

    await run(tenant.addPin(newPin(1), 'key'))

    expect(service.count('DELETE')).toBe(0)
    expect(service.pins(ALICE).map(({ requestId }) => requestId)).toContain('there')
  })

  it.each([
    ['a refusal', () => jsonReply(400, { error: { reason: 'BAD_REQUEST' } }), BadRequestError],
    ['want of money', () => jsonReply(402, {}), InsufficientFundsError],
    ['a rate limit', () => ({ ...jsonReply(429, {}), headers: { 'retry-after': '60' } }), RateLimitedError],
  ])('reports %s as it is, and takes the same key again', async (_what, answer, errorClass) => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    service.hooks.beforeReply = answer
    await expect(run(tenant.addPin(newPin(1), 'key'))).rejects.toBeInstanceOf(errorClass)
    expect(service.requests.every(({ method }) => method === 'POST')).toBe(true)
    service.removeDirectly(ALICE, service.pins(ALICE)[0]?.requestId ?? '')

    service.hooks.beforeReply = undefined
    await setup.clock.advance(61_000)
    const pin = await run(tenant.addPin(newPin(1), 'key'))
    expect(service.pins(ALICE).map(({ requestId }) => requestId)).toEqual([pin.requestId])
  })

  it('reports a service that cannot be reached as that, since nothing was sent', async () => {
    await using setup = await startWriteSetup()
    await setup.service[Symbol.asyncDispose]()

    const outcome = await setup.run(setup.tenant.addPin(newPin(1), 'key').catch((error) => error))

    expect(outcome).toBeInstanceOf(ServiceUnavailableError)
    expect(outcome.mayHaveActed).toBe(false)
  })

  it.each([
    ['404 and a web page', reply(404, 'text/html', '<html></html>')],
    ['405 and a web page', reply(405, 'text/html', '<html></html>')],
    ['302', reply(302, 'text/plain', '')],
  ])('reports %s at once, since no pinning service answered', async (_what, answer) => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    service.hooks.beforeReply = () => answer
    const added = run(tenant.addPin(newPin(1), 'key'))
    await expect(added).rejects.toMatchObject({
      code: 'MALFORMED_RESPONSE',
      message: expect.stringMatching(/check its endpoint$/),
    })
    expect(requestsAt(setup)).toEqual(['POST /pins'])
  })

  it('looks for the pin after a 303, which is how web servers answer what they have done', async () => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    service.hooks.afterCommit = () => reply(303, 'text/plain', '')
    const pin = await run(tenant.addPin(newPin(1), 'key'))
    expect(service.pins(ALICE).map(({ requestId }) => requestId)).toEqual([pin.requestId])
  })

  it('adopts the pin that is there where a service takes no second one of a CID (#43)', async () => {
    await using setup = await startWriteSetup({ profile: pinata, provider: 'pinata' })
    const { service, tenant, run } = setup
    const [there] = service.seed(ALICE, [{ cid: exampleCid(1), name: 'there' }])

    const pin = await run(tenant.addPin(newPin(1), 'key'))

    expect([pin.requestId, pin.name]).toEqual([there?.requestId, 'there'])
  })

  it('leaves out private origins, and then all, where a service refuses them (#42)', async () => {
    await using setup = await startWriteSetup({ profile: pinata, provider: 'pinata' })
    const { service, tenant, run } = setup

    await run(tenant.addPin(newPin(1, { origins: [PRIVATE, PUBLIC] }), 'a'))
    await run(tenant.addPin(newPin(2, { origins: [PRIVATE] }), 'b'))
    service.hooks.afterCommit = (request, answer) =>
      JSON.parse(request.body).origins ? jsonReply(400, { error: { reason: 'INVALID_ORIGINS' } }) : answer
    await run(tenant.addPin(newPin(3, { origins: [PUBLIC] }), 'c')).catch(() => {})

    const sent = service.requests.map(({ body }) => (body ? JSON.parse(body).origins : null))
    expect(sent.slice(0, 4)).toEqual([[PRIVATE, PUBLIC], [PUBLIC], [PRIVATE], undefined])
    expect(sent.slice(4, 6)).toEqual([[PUBLIC], undefined])
  })

  describe('leaves out a refused origin alone (#42)', () => {
    const origins = [1, 2, 3, 4].map((n) => `/ip4/203.0.113.${n}/tcp/4001/p2p/${peer}`)
    const others = origins.filter((_, index) => index !== 2)

    it.each([
      ['by its text', () => `origins: ${origins[2]} is not accepted`, 2],
      ['by its place', () => 'pin.origins[2] must be a public multiaddr', 2],
      ['in no words', () => 'invalid origins', 4],
    ])('that the service names %s', async (_, wordsOf, requests) => {
      await using setup = await startWriteSetup({ profile: pinata, provider: 'pinata' })
      const { service, tenant, run } = setup
      service.hooks.beforeReply = (request) =>
        request.method === 'POST' && JSON.parse(request.body).origins?.includes(origins[2])
          ? jsonReply(400, { error: { reason: 'INVALID_ORIGINS', details: wordsOf() } })
          : undefined
      await run(tenant.addPin(newPin(1, { origins }), 'a'))
      const sent = service.requests
        .filter(({ method }) => method === 'POST')
        .map(({ body }) => JSON.parse(body).origins)
      expect(sent).toHaveLength(requests)
      expect(sent.at(-1)).toEqual(others)
      expect(service.pins(ALICE)).toHaveLength(1)
    })
  })

  it('finds a pin that lists do not show yet (#46)', async () => {
    await using setup = await startWriteSetup({ profile: web3Storage, capabilities: { keepsMeta: true } })
    const { service, tenant, run } = setup

    const pin = await run(tenant.addPin(newPin(1), 'a'))
    expect(await run(tenant.lookupContent(newPin(1).cid))).toMatchObject([{ requestId: pin.requestId }])

    loseFirstAnswer(setup)
    const found = await run(tenant.addPin(newPin(2), 'b'))
    expect(service.pins(ALICE).map(({ requestId }) => requestId)).toEqual([pin.requestId, found.requestId])
    expect(service.count('POST')).toBe(2)
  })

  it('does not mistake a pin that another client just added for the result of a lost request', async () => {
    await using setup = await startWriteSetup({ profile: fourEverland, provider: '4everland' })
    const { service, tenant, run } = setup
    service.seed(ALICE, [{ cid: exampleCid(1), name: 'pin 1' }])
    service.hooks.beforeReply = () => {
      // After the look at what is there, the next request fails.
      service.hooks.beforeReply = undefined
      service.breakNext(1)
      return undefined
    }

    const outcome = await run(tenant.addPin(newPin(1), 'key').catch((error) => error))

    expect(outcome).toBeInstanceOf(OutcomeUnknownError)
    expect(outcome.candidates).toEqual([])
    expect(service.count('POST')).toBe(1)
  })

  it('returns the candidates if several pins may be the result, and never sends it again (no meta)', async () => {
    await using setup = await startWriteSetup({ profile: fourEverland, provider: '4everland' })
    const { service, tenant, run } = setup
    service.hooks.afterCommit = () => {
      service.seed(ALICE, [{ cid: exampleCid(1), name: 'pin 1', requestId: 'of another client' }])
      return 'drop'
    }

    const outcome = await run(tenant.addPin(newPin(1), 'key').catch((error) => error))
    expect(outcome).toBeInstanceOf(OutcomeUnknownError)
    expect(outcome.candidates).toHaveLength(2)
    await expect(run(tenant.addPin(newPin(1), 'key'))).rejects.toBeInstanceOf(OutcomeUnknownError)
    expect(service.count('POST')).toBe(1)

    service.removeDirectly(ALICE, 'of another client')
    const pin = await run(tenant.addPin(newPin(1), 'key'))
    expect(service.pins(ALICE).map(({ requestId }) => requestId)).toEqual([pin.requestId])
  })

  it('learns that meta is dropped from the first answer (#25), and looks before it sends from then on', async () => {
    await using setup = await startWriteSetup({ profile: fourEverland, capabilities: { multiStatus: true } })
    const { tenant, run } = setup

    await run(tenant.addPin(newPin(1), 'a'))
    await run(tenant.addPin(newPin(2), 'b'))

    expect(tenant.capabilities.keepsMeta).toBe(false)
    expect(requestsAt(setup)).toEqual(['POST /pins', 'GET /pins', 'POST /pins'])
  })
})
