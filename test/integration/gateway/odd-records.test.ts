import { describe, expect, it } from 'vitest'
import { idOf, type Setup, seedPins, startSetup } from '../../support/gateway/start-setup.ts'
import type { EmulatedPin } from '../../support/providers/emulated-pin.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { jsonReply } from '../../support/providers/wire-reply.ts'
import { ALICE, type Answer } from '../../support/start-test-api.ts'

const PAGE = `query ($first: Int, $after: Cursor) {
  pins(first: $first, after: $after) {
    nodes { requestId } totalCount pageInfo { hasNextPage endCursor } warnings { code message service }
  }
}`
const REMOVE = `mutation ($input: RemovePinsInput!) { removePins(input: $input) { removedId error { code message } } }`

type Wire = Record<string, unknown> & { readonly requestid: string; readonly pin: object }

const ODD: readonly (readonly [what: string, spoil: (pin: Wire) => object, reason: string])[] = [
  ['no zone', (pin) => ({ ...pin, created: '2026-01-31T12:00:00' }), 'created: expected an RFC 3339 timestamp'],
  ['an empty CID', (pin) => ({ ...pin, pin: { ...pin.pin, cid: '' } }), 'pin.cid: cid: expected a CID'],
  ['no status', (pin) => ({ ...pin, status: undefined }), 'status: Invalid input: expected string'],
  ['no time', (pin) => ({ ...pin, created: undefined }), 'created: Invalid input: expected string'],
  ['no pin', (pin) => ({ ...pin, pin: undefined }), 'pin: Invalid input: expected object'],
]

/** Spoils some pins in all lists of the service. */
function spoil({ service }: Setup, requestIds: readonly string[], change: (pin: Wire) => object): void {
  const isOdd = new Set(requestIds)
  service.hooks.beforeReply = (request, reply) => {
    if (request.operation !== 'list' || reply.status !== 200) return undefined
    const { count, results } = JSON.parse(String(reply.body)) as { count: number; results: Wire[] }
    return jsonReply(200, { count, results: results.map((pin) => (isOdd.has(pin.requestid) ? change(pin) : pin)) })
  }
}

describe('a list with an odd record', () => {
  it.each(ODD)('shows the others, and says how many were left out and why: %s', async (_what, change, reason) => {
    await using setup = await startSetup()
    const stored = seedPins(setup.service, 5)
    const [odd] = stored.slice(2) as [EmulatedPin]
    spoil(setup, [odd.requestId], change)

    const { pins } = (await setup.api.query(PAGE)).data

    const shown = stored.filter((pin) => pin !== odd).map(({ requestId }) => requestId)
    expect(pins.nodes.map(({ requestId }: { requestId: string }) => requestId)).toEqual(shown)
    expect(pins.totalCount).toBe(5)
    expect(pins.warnings).toEqual([
      { code: 'MALFORMED_RESPONSE', service: 'one', message: expect.stringContaining(`left out: ${reason}`) },
    ])
    expect(pins.warnings[0].message).toMatch(/^one listed 1 record that is no valid pin/)
  })

  it.each([1, 2, 3, 7])('is read to its end, in pages of %i, wherever the odd ones are', async (first) => {
    await using setup = await startSetup()
    const stored = seedPins(setup.service, 9)
    const odd = [0, 3, 4, 8].map((index) => stored[index]?.requestId as string)
    spoil(setup, odd, (pin) => ({ ...pin, created: '2026-01-31T12:00:00' }))

    const seen: string[] = []
    for (let after: string | null = null, more = true; more; ) {
      const answer: Answer = await setup.api.query(PAGE, { first, after })
      const { pins } = answer.data
      seen.push(...pins.nodes.map(({ requestId }: { requestId: string }) => requestId))
      expect(pins.totalCount).toBe(9)
      after = pins.pageInfo.endCursor
      more = pins.pageInfo.hasNextPage
    }

    expect(seen).toEqual(stored.map(({ requestId }) => requestId).filter((id) => !odd.includes(id)))
  })

  it('is empty, with a warning, when all of its records are odd', async () => {
    await using setup = await startSetup()
    const stored = seedPins(setup.service, 2)
    const ids = stored.map(({ requestId }) => requestId)
    spoil(setup, ids, (pin) => ({ ...pin, created: 'today' }))

    const { pins } = (await setup.api.query(PAGE)).data
    expect([pins.nodes, pins.totalCount, pins.warnings.length]).toEqual([[], 2, 1])
  })
})

describe('a removal by filter', () => {
  it.each(ODD)('removes no pin that could not be read, and reports that: %s', async (_what, change) => {
    await using setup = await startSetup()
    const stored = seedPins(setup.service, 3, { name: 'old' })
    const [first, odd, last] = stored as [EmulatedPin, EmulatedPin, EmulatedPin]
    spoil(setup, [odd.requestId], change)

    const { data } = await setup.api.query(REMOVE, { input: { filter: { name: 'old' } } })

    expect(data.removePins).toEqual([
      { removedId: idOf(first), error: null },
      { removedId: idOf(last), error: null },
      {
        removedId: null,
        error: { code: 'MALFORMED_RESPONSE', message: expect.stringMatching(/^one listed 1 record/) },
      },
    ])
    expect(setup.service.pins(ALICE).map(({ requestId }) => requestId)).toEqual([odd.requestId])
  })

  it('does not touch a pin whose status is unknown', async () => {
    await using setup = await startSetup()
    const [odd, other] = seedPins(setup.service, 2, { status: 'queued' }) as [EmulatedPin, EmulatedPin]
    spoil(setup, [odd.requestId], (pin) => ({ ...pin, status: 'archived' }))

    const { data } = await setup.api.query(REMOVE, { input: { filter: { status: ['QUEUED'] } } })

    expect(data.removePins).toHaveLength(2)
    expect(data.removePins[1].error.message).toContain(
      'status: expected queued, pinning, pinned, failed, got "archived"',
    )
    expect(setup.service.pins(ALICE).map(({ requestId }) => requestId)).toEqual([odd.requestId])
    expect(other.requestId).not.toBe(odd.requestId)
  })
})

describe('a lookup beside an odd record', () => {
  it('returns the other pins of the CID, and an error because one is missing', async () => {
    await using setup = await startSetup()
    const [odd, fine] = setup.service.seed(ALICE, [{ cid: exampleCid(1) }, { cid: exampleCid(1) }]) as [
      EmulatedPin,
      EmulatedPin,
    ]
    setup.service.seed(ALICE, [{ cid: exampleCid(2) }])
    spoil(setup, [odd.requestId], (pin) => ({ ...pin, created: 'today' }))

    const query =
      '{ contents(cids: ["CID1", "CID2"]) { pins { requestId } services { pins { requestId } error { code } } } }'
    const document = query.replace('CID1', exampleCid(1)).replace('CID2', exampleCid(2))
    const [one, two] = (await setup.api.query(document)).data.contents

    const pins = [{ requestId: fine.requestId }]
    expect(one).toEqual({ pins, services: [{ pins, error: { code: 'MALFORMED_RESPONSE' } }] })
    expect(two).toMatchObject({ services: [{ pins: [expect.anything()], error: null }] })
  })
})
