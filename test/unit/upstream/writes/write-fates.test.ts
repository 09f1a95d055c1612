import fc from 'fast-check'
import { expect, it } from 'vitest'
import { OutcomeUnknownError, UnchangedPinError } from '../../../../src/domain/change-errors.ts'
import { PinqlError, RateLimitedError, ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import type { Pin } from '../../../../src/domain/pin.ts'
import { cidOf, type Fate } from '../../../support/model/model-service.ts'
import { type ModelWrites, startModelWrites } from '../../../support/writes/start-model-writes.ts'

const RUNS = Number(process.env.PINQL_PROPERTY_RUNS ?? 150)
/** Milliseconds after which the last late request has acted and the last sweep has run: faults end before 3 minutes. */
const SETTLED_MS = 60 * 60_000

const unknown = expect.any(OutcomeUnknownError)
const delay = fc.nat(4000)
const delays = { beforeMs: delay, afterMs: delay }
const fate: fc.Arbitrary<Fate> = fc.oneof(
  fc.record(delays),
  fc.record({ ...delays, isReplyLost: fc.constant(true) }),
  fc.record({ beforeMs: delay, lateMs: fc.nat(50_000) }),
  fc.record({ ...delays, staleMs: fc.nat(5000) }),
  fc.record({ beforeMs: delay, refusal: fc.constantFrom(lostBefore(), refused(), noConnection()) }),
)

function lostBefore(): PinqlError {
  return new ServiceUnavailableError('the request was lost', { service: 'model', mayHaveActed: true })
}

function noConnection(): PinqlError {
  return new ServiceUnavailableError('no connection', { service: 'model' })
}

function refused(): PinqlError {
  return new RateLimitedError('model', 1000)
}

const story = fc.record({
  /** By the order of the requests. Later requests are answered. */
  fates: fc.array(fate, { maxLength: 40 }),
  outages: fc.array(
    fc.record({
      fromMs: fc.nat(90_000),
      forMs: fc.nat(60_000),
      refusal: fc.constantFrom(refused(), noConnection(), lostBefore()),
      isOfReads: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  /** When each client calls. Clients with equal keys send the same write. */
  calls: fc.array(fc.record({ key: fc.nat(2), atMs: fc.nat(120_000) }), { minLength: 1, maxLength: 8 }),
  keepsMeta: fc.constantFrom(true, null),
  /** Number of steps of each life of the gateway but the last: it is killed then, and started again at once. */
  lives: fc.array(fc.nat(80), { maxLength: 3 }),
})

type Story = typeof story extends fc.Arbitrary<infer Value> ? Value : never

/** Restarts the gateway whenever it dies, as long as there is a number of steps for its next life. */
async function liveOn(setup: ModelWrites, lives: number[]): Promise<void> {
  for (let lastStep = lives.shift(); lastStep !== undefined; lastStep = lives.shift()) {
    setup.restart({ lastStep })
    await setup.life.died
  }
  setup.restart()
}

function tell(setup: ModelWrites, { fates, outages }: Story): void {
  const { model, clock } = setup
  const drawn = fates.values()
  const startMs = clock.now()
  model.fate = (operation) => {
    const atMs = clock.now() - startMs
    const isRead = operation === 'list' || operation === 'get'
    const outage = outages.find(({ fromMs, forMs, isOfReads }) => {
      return atMs >= fromMs && atMs < fromMs + forMs && (isRead || !isOfReads)
    })
    return outage ? { beforeMs: 10, refusal: outage.refusal } : drawn.next().value
  }
}

/** Runs all calls of a story, until everything is settled. Returns the outcomes by key, in the order of their arrival. */
async function play(
  setup: ModelWrites,
  played: Story,
  write: (key: number) => Promise<Pin>,
): Promise<Map<number, (Pin | PinqlError)[]>> {
  const { clock, model } = setup
  const outcomes = new Map<number, (Pin | PinqlError)[]>()
  tell(setup, played)
  const lives = [...played.lives]
  if (lives.length > 0) void liveOn(setup, lives)
  const calls = played.calls.map(async ({ key, atMs }) => {
    await clock.sleep(atMs)
    const outcome = await Promise.race([outcomeOf(write(key)), setup.life.died.then(() => killed(key))])
    outcomes.set(key, [...(outcomes.get(key) ?? []), outcome])
  })
  await clock.advance(180_000)
  await Promise.all(calls)
  model.fate = undefined
  if (played.lives.length > 0) {
    // The last life has no last step.
    lives.splice(0)
    setup.life.kill()
    await clock.advance(0)
    setup.restart()
  }
  await clock.advance(SETTLED_MS)
  return outcomes
}

/** Sends each write once more with its key, at a service without faults. Returns the outcomes by key. */
async function repeatAll(
  { clock }: ModelWrites,
  outcomes: ReadonlyMap<number, unknown>,
  write: (key: number) => Promise<Pin>,
): Promise<Map<number, Pin | PinqlError>> {
  const repeated = Promise.all([...outcomes.keys()].map(async (key) => [key, await outcomeOf(write(key))] as const))
  await clock.advance(60_000)
  return new Map(await repeated)
}

/** The outcome as clients of a gateway see it that is killed: nothing is known. */
function killed(key: number): PinqlError {
  const details = { operationId: '', idempotencyKey: `key ${key}`, candidates: [], cause: null }
  return new OutcomeUnknownError('model', details)
}

async function outcomeOf(written: Promise<Pin>): Promise<Pin | PinqlError> {
  const outcome = await written.catch((error: unknown) => error)
  if (outcome instanceof Error) expect(outcome).toBeInstanceOf(PinqlError)
  return outcome as Pin | PinqlError
}

/** Compares the outcomes of a key with the pins that the service has in the end. */
function expectTrue(outcomes: readonly (Pin | PinqlError)[], pins: readonly Pin[]): void {
  const ids = pins.map(({ requestId }) => requestId)
  expect(ids.length).toBeLessThanOrEqual(1)
  const told = new Set(outcomes.flatMap((outcome) => (outcome instanceof Error ? [] : [outcome.requestId])))
  expect([...told]).toEqual(told.size > 0 ? ids : [])
  const isUnsent = (outcome: Pin | PinqlError): boolean =>
    outcome instanceof Error && !(outcome instanceof OutcomeUnknownError) && !(outcome instanceof UnchangedPinError)
  if (outcomes.every(isUnsent)) expect(ids).toEqual([])
}

it('leaves at most one pin for each add, whatever becomes of its requests', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (played) => {
      await using setup = startModelWrites({ keepsMeta: played.keepsMeta })
      // All of one CID, as in a bulk add of the same content under several names.
      const add = (key: number) =>
        setup.tenant.addPin({ cid: cidOf(1), name: `pin ${key}`, origins: [], meta: {} }, `key ${key}`)
      const other = setup.model.add(setup.token, { cid: cidOf(1), name: 'pin 0' })
      const ofKey = (key: number) => setup.pins().filter((pin) => pin.name === `pin ${key}` && pin !== other)

      const outcomes = await play(setup, played, add)

      for (const [key, told] of outcomes) expectTrue(told, ofKey(key))
      for (const [key, again] of await repeatAll(setup, outcomes, add)) {
        expectTrue([again], ofKey(key))
        // As long as no list has shown `meta`, an add that was not made stays unknown.
        if (again instanceof Error) expect([played.keepsMeta, again, ofKey(key)]).toEqual([null, unknown, []])
      }
      expect(setup.pins()).toContain(other)
    }),
    { numRuns: RUNS },
  )
}, 120_000)

it.each(['native', 'add-then-remove'] as const)(
  'leaves at most one pin for each replacement, whatever becomes of its requests: %s',
  async (replace) => {
    await fc.assert(
      fc.asyncProperty(story, async (played) => {
        await using setup = startModelWrites({ keepsMeta: true, replace })
        const { model, token } = setup
        const old = [0, 1, 2].map((key) => model.add(token, { cid: cidOf(key), name: `old ${key}`, meta: { a: '1' } }))
        const rename = (key: number) => {
          const { requestId = '', cid = cidOf(key) } = old[key] ?? {}
          return setup.tenant.replacePin(
            { service: 'model', requestId, cid: cid.text },
            { name: `new ${key}` },
            `key ${key}`,
          )
        }
        const named = (name: string) => setup.pins().filter((pin) => pin.name === name)

        const outcomes = await play(setup, played, rename)

        for (const [key, told] of outcomes) {
          expectTrue(told, named(`new ${key}`))
          // Nothing is lost.
          expect(named(`new ${key}`).length + named(`old ${key}`).length).toBeGreaterThan(0)
        }
        for (const [key, again] of await repeatAll(setup, outcomes, rename)) {
          expect(again).not.toBeInstanceOf(Error)
          expectTrue([again], named(`new ${key}`))
          expect(named(`old ${key}`)).toEqual([])
        }
      }),
      { numRuns: RUNS },
    )
  },
  120_000,
)
