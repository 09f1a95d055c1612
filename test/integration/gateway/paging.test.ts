import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatInstant, parseInstant } from '../../../src/domain/instant.ts'
import { PIN_STATUSES } from '../../../src/domain/pin.ts'
import { comparePositions } from '../../../src/domain/pin-order.ts'
import { second, startSetup } from '../../support/gateway/start-setup.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { MICROSECOND, MILLISECOND, SECOND, utcText } from '../../support/providers/created-text.ts'
import type { EmulatedPin } from '../../support/providers/emulated-pin.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE } from '../../support/start-test-api.ts'

const PAGE = `query ($filter: PinFilter, $first: Int, $after: Cursor) {
  pins(filter: $filter, first: $first, after: $after) {
    nodes { requestId } pageInfo { hasNextPage endCursor }
  }
}`

const precision = fc.constantFrom(
  { unit: SECOND, digits: 0 },
  { unit: MILLISECOND, digits: 3 },
  { unit: MICROSECOND, digits: 6 },
)
const pin = fc.record({
  cid: fc.integer({ min: 1, max: 4 }).map(exampleCid),
  name: fc.constantFrom('a', 'A', 'ab', null),
  status: fc.constantFrom(...PIN_STATUSES),
  // Few instants, so that many pins share one.
  tick: fc.integer({ min: 0, max: 8 }),
  meta: fc.constantFrom(null, { app: 'x' }, { app: 'y' }),
})
const filter = fc.record(
  {
    cid: fc.uniqueArray(fc.integer({ min: 1, max: 4 }).map(exampleCid), { minLength: 1, maxLength: 3 }),
    name: fc.constantFrom('a', 'b'),
    match: fc.constantFrom('EXACT', 'IEXACT', 'PARTIAL', 'IPARTIAL'),
    status: fc.uniqueArray(fc.constantFrom(...PIN_STATUSES), { minLength: 1 }),
    meta: fc.constant({ app: 'x' }),
  },
  { requiredKeys: [] },
)
type Filter = { [Key in keyof (typeof filter extends fc.Arbitrary<infer Value> ? Value : never)]?: unknown }

it('reads every page of whatever matches, each pin once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      precision,
      fc.array(pin, { maxLength: 40 }),
      filter,
      fc.integer({ min: 1, max: 12 }),
      async ({ unit, digits }, pins, filterInput, first) => {
        const created = { unit, unique: false, text: utcText(digits), postText: null }
        await using setup = await startSetup({ profile: { ...compliant, created } })
        const { service, api } = setup
        const stored = service.seed(
          ALICE,
          pins.map(({ tick, ...seed }) => ({ ...seed, created: second(0) + BigInt(tick) * unit })),
        )
        const variables = {
          filter: { ...filterInput, status: filterInput.status?.map((status) => status.toUpperCase()) },
          first,
        }

        const seen: string[] = []
        let after: string | null = null
        let pages = 0
        do {
          const answer = await api.query(PAGE, { ...variables, after })
          expect(answer.errors).toBeUndefined()
          const { nodes, pageInfo } = answer.data.pins
          expect(nodes.length).toBe(pageInfo.hasNextPage ? first : Math.min(first, nodes.length))
          seen.push(...nodes.map((node: { requestId: string }) => node.requestId))
          after = pageInfo.hasNextPage ? pageInfo.endCursor : null
          pages++
        } while (after !== null)

        const expected = stored.filter((each) => isMatch(each, filterInput)).sort(newestFirst)
        expect(seen).toEqual(expected.map(({ requestId }) => requestId))
        expect(pages).toBe(Math.max(1, Math.ceil(expected.length / first)))
      },
    ),
    { numRuns: 60 },
  )
})

function isMatch(pin: EmulatedPin, { cid, name, match = 'EXACT', status, meta }: Filter): boolean {
  const fold = (text: string) => (String(match).startsWith('I') ? text.toLowerCase() : text)
  const [wanted, actual] = [fold(String(name)), fold(pin.name ?? '')]
  const isNamed = String(match).endsWith('PARTIAL') ? actual.includes(wanted) : actual === wanted
  return (
    (cid === undefined || (cid as string[]).includes(pin.cid)) &&
    (name === undefined || isNamed) &&
    (status === undefined || (status as string[]).includes(pin.status)) &&
    (meta === undefined || pin.meta?.app === 'x')
  )
}

function newestFirst(a: EmulatedPin, b: EmulatedPin): number {
  const position = ({ created: ns, requestId }: EmulatedPin) => ({
    created: parseInstant(formatInstant(ns, 9)),
    service: 'one',
    requestId,
  })
  return comparePositions(position(a), position(b))
}
