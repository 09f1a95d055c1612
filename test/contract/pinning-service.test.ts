import { describe, expect, it } from 'vitest'
import { parseCid } from '../../src/domain/cid.ts'
import {
  InsufficientFundsError,
  PinNotFoundError,
  type PinqlError,
  UnauthorizedError,
} from '../../src/domain/errors.ts'
import { PIN_STATUSES, type Pin, type PinStatus } from '../../src/domain/pin.ts'
import type { PinPosition } from '../../src/domain/pin-order.ts'
import type { PinQuery } from '../../src/upstream/http/list-query.ts'
import { PinStream } from '../../src/upstream/reading/streams/pin-stream.ts'
import type { EmulatedPin } from '../support/providers/emulated-pin.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../support/providers/emulated-provider.ts'
import { exampleCid, exampleCidV0 } from '../support/providers/example-cid.ts'
import { openClient } from '../support/upstream/open-client.ts'
import { ALICE, BOB, type StartedZooCase, startZooCase, type ZooCaseOptions } from '../support/zoo/start-zoo-case.ts'
import { storedTruth } from '../support/zoo/stored-truth.ts'
import { ZOO_CASES, type ZooCase } from '../support/zoo/zoo-cases.ts'

/** Pinata's nodes announce so few lists in so many seconds that the suite would take minutes; #33 is about that. */
const start = ({ profile, provider }: ZooCase, options: ZooCaseOptions = {}): Promise<StartedZooCase> =>
  startZooCase({ profile: { ...profile, headers: () => ({}) }, provider }, options)

const NAMES = ['Alpha', 'alpha', 'Alphabet', 'ALPHA beta', 'unrelated', null]

/** 60 pins of all statuses, names and metas, three to a second. */
function seed(service: EmulatedProvider): void {
  const pins = Array.from({ length: 60 }, (_, n) => ({
    cid: exampleCid(n),
    name: NAMES[n % NAMES.length] as string | null,
    status: PIN_STATUSES[(n + 2) % 4] as PinStatus,
    created: BigInt(1_600_000_000 + Math.floor(n / 3)) * 1_000_000_000n + BigInt(n % 2) * 250_000_000n,
    meta: n % 5 === 0 ? { app: 'blog', env: n % 2 === 0 ? 'test' : 'live' } : n % 5 === 1 ? { app: 'blog' } : null,
  }))
  service.seed(ALICE, pins)
}

/** The border of a quarter of the pins, at a whole second and beside one. */
const AT_SECOND = new Date(1_600_000_005_000).toISOString()
const BESIDE_SECOND = new Date(1_600_000_005_125).toISOString()
const UP_TO_11 = Array.from({ length: 11 }, (_, n) => n)

const FILTERS: Readonly<Record<string, PinQuery>> = {
  nothing: { statuses: PIN_STATUSES },
  'one status': { statuses: ['failed'] },
  'two statuses': { statuses: ['queued', 'pinning'] },
  'a name': { statuses: PIN_STATUSES, name: 'Alpha' },
  'an empty name': { statuses: PIN_STATUSES, name: '' },
  'a name in any case': { statuses: PIN_STATUSES, name: 'aLPHA', match: 'iexact' },
  'a part of a name': { statuses: PIN_STATUSES, name: 'lpha', match: 'partial' },
  'a part of a name in any case': { statuses: PIN_STATUSES, name: 'lPHa', match: 'ipartial' },
  'a name that none has': { statuses: PIN_STATUSES, name: 'nobody' },
  'one entry of meta': { statuses: PIN_STATUSES, meta: { app: 'blog' } },
  'two entries of meta': { statuses: PIN_STATUSES, meta: { app: 'blog', env: 'test' } },
  'a CID': { statuses: PIN_STATUSES, cids: [parseCid(exampleCid(7))] },
  'a CID in its other version': { statuses: PIN_STATUSES, cids: [parseCid(exampleCidV0(8))] },
  'eleven CIDs': { statuses: PIN_STATUSES, cids: UP_TO_11.map((n) => parseCid(exampleCid(n * 3))) },
  'CIDs and a status': { statuses: ['pinned'], cids: [0, 1, 2, 3].map((n) => parseCid(exampleCid(n))) },
  'a time before': { statuses: PIN_STATUSES, before: AT_SECOND },
  'a time after': { statuses: PIN_STATUSES, after: AT_SECOND },
  'a time within a second': { statuses: PIN_STATUSES, before: BESIDE_SECOND, after: '2020-09-13T12:26:42.125Z' },
  everything: {
    statuses: ['pinned', 'failed'],
    name: 'alpha',
    match: 'ipartial',
    meta: { app: 'blog' },
    before: '2020-09-13T12:26:55Z',
    after: '2020-09-13T12:26:41Z',
  },
}

/**
 * Filters that fail at services of an unknown provider, which answer them as if no pin matched. They work once the
 * configuration has the provider's name, or `capabilities`.
 */
const HIDDEN_FROM_STRANGERS: Readonly<Record<string, readonly string[]>> = {
  '4everland': ['a part of a name'],
  crust: ['a part of a name in any case', 'a CID in its other version', 'everything'],
  functionland: ['a CID in its other version'],
  'filecoin-pin': [
    'a name in any case',
    'a part of a name in any case',
    'a CID in its other version',
    'eleven CIDs',
    'CIDs and a status',
    'everything',
  ],
}

const EMPTY_LIST_IS_404 = ['functionland', 'nft-storage']

// Promises of pinql for any service that speaks the Pinning Service API, with deviations or without.
describe.each(ZOO_CASES)('$profile.name as $as', (zooCase) => {
  const { profile, provider } = zooCase
  const hidden = provider === null ? (HIDDEN_FROM_STRANGERS[profile.name] ?? []) : []

  /** The ids of what matches, newest first. */
  function truth(service: EmulatedProvider, query: PinQuery): string[] {
    return service
      .pins(ALICE)
      .filter(storedTruth(query, provider))
      .sort((a, b) => (a.created === b.created ? (a.requestId < b.requestId ? -1 : 1) : a.created > b.created ? -1 : 1))
      .map(({ requestId }) => requestId)
  }

  const ids = (pins: readonly Pin[]): string[] => pins.map(({ requestId }) => requestId)

  describe('reading', () => {
    it('shows a pin as the service holds it', async () => {
      await using started = await start(zooCase)
      const { service, tenant } = started
      service.seed(ALICE, [{ cid: exampleCid(1), name: 'one', meta: { app: 'blog' } }])
      const [stored] = service.pins(ALICE) as [EmulatedPin]

      const [pin] = (await tenant.collectPins({ statuses: PIN_STATUSES })) as [Pin]

      expect(pin).toMatchObject({
        service: 'one',
        requestId: stored.requestId,
        status: 'pinned',
        name: 'one',
        origins: [],
      })
      expect(pin.cid.text).toBe(exampleCid(1))
      expect(pin.created.ns).toBe(stored.created)
      expect(pin.meta).toMatchObject(stored.meta ?? {})
      expect(await tenant.getPin(stored.requestId)).toEqual({ ...pin, delegates: expect.any(Array) })
    })

    it('finds all pins page by page, from any page on, and in one stream', async () => {
      await using started = await start(zooCase)
      const { service, tenant } = started
      seed(service)
      const expected = truth(service, { statuses: PIN_STATUSES })

      const seen: string[] = []
      let after: PinPosition | null = null
      for (let isOver = false; !isOver; ) {
        const stream: PinStream = new PinStream(tenant.reads, { statuses: PIN_STATUSES }, { after, expected: 7 })
        for (let left = 7; left > 0; left--) {
          const next = await stream.peek()
          if (!next) break
          seen.push(next.requestId)
          after = next
          stream.shift()
        }
        isOver = !(await stream.hasMore())
      }
      expect(seen).toEqual(expected)
      expect(ids(await tenant.collectPins({ statuses: PIN_STATUSES }))).toEqual(expected)
    })

    it.each(Object.keys(FILTERS))('filters by %s, the first time and later', async (name) => {
      await using started = await start(zooCase)
      const { service, tenant } = started
      seed(service)
      // A stranger whose empty lists are 404 must have shown that its endpoint is right.
      if (provider === null && EMPTY_LIST_IS_404.includes(profile.name)) {
        await tenant.reads.listPins({ statuses: PIN_STATUSES, limit: 1 })
      }
      const query = FILTERS[name] as PinQuery
      const expected = truth(service, query)

      for (const _ of ['before learning', 'after learning']) {
        const found = ids(await tenant.collectPins(query))
        if (hidden.includes(name)) expect(expected).toEqual(expect.arrayContaining(found))
        else expect(found).toEqual(expected)
      }
    })

    it('returns the right count, or reports that it is unknown', async () => {
      await using started = await start(zooCase)
      const { service, tenant } = started
      seed(service)
      for (const [name, query] of Object.entries(FILTERS)) {
        const stream = new PinStream(tenant.reads, query, { expected: 7 })
        if (!query.cids) await stream.start()
        const right = truth(service, query).length
        if (hidden.includes(name)) continue
        if (!query.cids) expect([name, stream.count]).toEqual([name, stream.count === null ? null : right])
        // 60 pins fit one list, so that nobody needs to be believed, unless a stranger insists that there are more.
        const count = await tenant.countPins(query)
        if (provider !== null || count !== null) expect([name, count]).toEqual([name, right])
      }
    })

    it('finds pins by id and by content, in either version of its CID', async () => {
      await using started = await start(zooCase)
      const { service, tenant } = started
      seed(service)
      const stored = service.pins(ALICE).slice(0, 15)

      const byId = await Promise.all(
        stored.map(({ requestId, cid }) => tenant.lookupPin({ service: 'one', requestId, cid })),
      )
      expect(ids(byId)).toEqual(stored.map(({ requestId }) => requestId))
      const byContent = await Promise.all(stored.map(({ cid }) => tenant.lookupContent(parseCid(cid))))
      expect(byContent.map(ids)).toEqual(stored.map(({ requestId }) => [requestId]))
      if (!hidden.includes('a CID in its other version')) {
        expect(ids([...(await tenant.lookupContent(parseCid(exampleCidV0(3))))])).toEqual([stored[3]?.requestId])
      }
      expect(await tenant.lookupContent(parseCid(exampleCid(999)))).toEqual([])
      await expect(tenant.getPin('no-such-pin')).rejects.toThrow(PinNotFoundError)
    })
  })

  describe('changing', () => {
    it('adds, reads, replaces and removes', async () => {
      await using service = await startEmulatedProvider(profile)
      await using client = openClient({ name: 'one', endpoint: service.endpoint })
      const options = { token: ALICE }
      const bare = { name: 'one', origins: [], meta: { app: 'blog' } }

      const added = await client.addPin({ ...bare, cid: parseCid(exampleCid(1)) }, options)
      expect(added).toMatchObject({ status: 'queued', name: 'one', cid: parseCid(exampleCid(1)) })
      expect(await client.getPin(added.requestId, options)).toMatchObject({ requestId: added.requestId, name: 'one' })
      const replaced = await client.replacePin(added.requestId, { ...bare, cid: parseCid(exampleCid(2)) }, options)
      expect(service.pins(ALICE).map(({ requestId }) => requestId)).toEqual([replaced.requestId])
      await client.removePin(replaced.requestId, options)
      expect(service.pins(ALICE)).toEqual([])
    })
  })

  describe('refusing', () => {
    const NEW = { cid: parseCid(exampleCid(1)), name: null, origins: [], meta: {} }

    it('without a token, before anything is sent', async () => {
      await using started = await start(zooCase)
      expect(() => started.registry.tenant('one', null)).toThrow(UnauthorizedError)
      expect(started.service.count()).toBe(0)
    })

    it.each([
      ['a wrong token', 'wrong-token', UnauthorizedError],
      ['an account that has not paid', BOB, InsufficientFundsError],
    ])('with %s', async (_, token, errorClass) => {
      await using started = await start(zooCase, { unpaidTokens: [BOB] })
      const tenant = started.registry.tenant('one', token)
      await using client = openClient({ name: 'one', endpoint: started.service.endpoint })

      const calls: Promise<unknown>[] = [
        tenant.reads.listPins({ statuses: PIN_STATUSES, limit: 1 }),
        tenant.getPin('x'),
        client.addPin(NEW, { token }),
        client.replacePin('x', NEW, { token }),
        client.removePin('x', { token }),
      ]
      const outcomes = await Promise.all(calls.map((call) => call.catch((error: PinqlError) => error)))
      for (const outcome of outcomes) {
        expect(outcome).toBeInstanceOf(errorClass)
        expect(String(outcome)).not.toContain(token)
      }
    })

    it('a pin that is not there', async () => {
      await using service = await startEmulatedProvider(profile)
      await using client = openClient({ name: 'one', endpoint: service.endpoint })
      const outcome = (call: Promise<unknown>) =>
        call.then(
          () => 'done',
          (error: PinqlError) => error.code,
        )

      expect(await outcome(client.getPin('no-such-pin', { token: ALICE }))).toBe('PIN_NOT_FOUND')
      expect(await outcome(client.replacePin('no-such-pin', NEW, { token: ALICE }))).toBe('PIN_NOT_FOUND')
      const removed = await outcome(client.removePin('no-such-pin', { token: ALICE }))
      expect(removed).toBe(profile.removeUnknown === null ? 'done' : 'PIN_NOT_FOUND')
    })
  })
})
