import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RateLimitedError } from '../../src/domain/errors.ts'
import type { NewPin, Pin } from '../../src/domain/pin.ts'
import { openWriteRecords } from '../../src/upstream/writes/open-write-records.ts'
import type { WriteRecords } from '../../src/upstream/writes/write-records.ts'
import { cidOf, type Fate } from '../support/model/model-service.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { EPOCH_MS } from '../support/virtual-clock.ts'
import { type ModelWrites, startModelWrites } from '../support/writes/start-model-writes.ts'

const PIN: NewPin = { cid: cidOf(1), name: 'x', origins: [], meta: {} }
const HOUR_MS = 60 * 60_000
const refused: Fate = { beforeMs: 10, refusal: new RateLimitedError('model', 1000) }

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let files: WriteRecords[] = []

beforeEach(async () => {
  folder = await temporaryFolder()
})

afterEach(async () => {
  for (const file of files) await file[Symbol.asyncDispose]()
  files = []
  await folder[Symbol.asyncDispose]()
})

/** Opens the file of a gateway, as each of its lives does. */
async function open(name: string): Promise<WriteRecords> {
  const records = await openWriteRecords(`${folder.path}/${name}.db`, () => EPOCH_MS)
  files.push(records)
  return records
}

/**
 * Adds a pin through a gateway with a file. Its first request acts late. No answer to its second one arrives, nor to the
 * looks after that.
 */
async function addTwice(setup: ModelWrites, file: string, lastStep?: number): Promise<void> {
  setup.restart({ records: await open(file), lastStep })
  let adds = 0
  setup.decide({
    add: (n) => {
      adds = n
      return n === 1 ? { lateMs: 20_000 } : { isReplyLost: true }
    },
    list: () => (adds > 1 && setup.clock.now() < 40_000 ? refused : {}),
  })
  await setup.outcomeOf(setup.tenant.addPin(PIN, 'key'))
}

/** Lets an hour pass, or less if the gateway dies. */
async function runForAnHour({ clock, life }: ModelWrites): Promise<void> {
  let isDead = false
  void life.died.then(() => {
    isDead = true
  })
  for (let minute = 0; minute < 60 && !isDead; minute++) await clock.advance(60_000)
}

/** Adds pins that are not the gateway's: of the same CID and name, without an id and with another one. */
function addOthers({ model, token }: ModelWrites): Pin[] {
  return [undefined, 'another write'].map((writeId) => model.add(token, { cid: PIN.cid, name: PIN.name, writeId }))
}

describe('a write that was sent twice by a gateway that is killed', () => {
  it('loses its second pin after a restart, whatever the step at which it was killed', async () => {
    await using whole = startModelWrites({ keepsMeta: true })
    await addTwice(whole, 'whole')
    await whole.clock.advance(HOUR_MS)
    const { steps } = whole.life
    expect(steps).toBeGreaterThan(20)
    expect(whole.pins()).toHaveLength(1)

    const most: number[] = []
    for (let lastStep = 1; lastStep < steps; lastStep++) {
      await using setup = startModelWrites({ keepsMeta: true })
      const others = addOthers(setup)
      await addTwice(setup, `killed at ${lastStep}`, lastStep)
      await runForAnHour(setup)
      // The late request acts, whoever lives.
      await setup.clock.advance(60_000)
      most.push(setup.pins().length - others.length)
      setup.restart({ records: await open(`killed at ${lastStep}`) })

      await setup.clock.advance(HOUR_MS)

      expect([lastStep, setup.pins().length - others.length]).toEqual([lastStep, Math.min(most.at(-1) ?? 0, 1)])
      expect(setup.pins()).toEqual(expect.arrayContaining(others))
    }
    // Many of these gateways left two pins behind.
    expect(most.filter((pins) => pins === 2).length).toBeGreaterThan(5)
  })

  it('loses its second pin when the service answers again long after the restart', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    await addTwice(setup, 'file')
    await setup.clock.advance(20_000)
    expect(setup.pins()).toHaveLength(2)
    setup.decide({ list: () => refused })
    setup.restart()
    await setup.clock.advance(HOUR_MS)
    expect(setup.pins()).toHaveLength(2)

    setup.model.fate = undefined
    setup.restart()
    await setup.clock.advance(HOUR_MS)

    expect(setup.pins()).toHaveLength(1)
  })

  it('loses its second pin after a removal that failed, and nothing but it', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    const others = addOthers(setup)
    await addTwice(setup, 'file')
    await setup.clock.advance(20_000)
    setup.decide({ remove: () => refused })
    await setup.clock.advance(100_000)
    expect(setup.count('remove')).toBeGreaterThan(0)
    expect(setup.pins()).toHaveLength(4)
    setup.model.fate = undefined
    setup.restart()

    await setup.clock.advance(HOUR_MS)

    expect(setup.pins()).toHaveLength(3)
    expect(setup.pins()).toEqual(expect.arrayContaining(others))
  })

  it('costs one look and one sweep in the next life, and nothing in the one after that', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    await addTwice(setup, 'file')
    await setup.clock.advance(20_000)
    const requests: string[][] = []
    for (let life = 0; life < 3; life++) {
      setup.restart({ records: await open('file') })
      setup.model.requests.splice(0)
      await setup.clock.advance(HOUR_MS)
      requests.push(setup.model.requests.map(({ operation }) => operation))
    }

    // The outcome is unknown, so the gateway looks at once. The first request might still act, so it also sweeps later.
    expect(requests).toEqual([['list', 'remove', 'list'], [], []])
  })

  it('costs one sweep in the next life if it had a result', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    setup.restart({ records: await open('file') })
    setup.decide({ add: (n) => (n === 1 ? { lateMs: 50_000 } : {}) })
    const told = await setup.outcomeOf(setup.tenant.addPin(PIN, 'key'))
    setup.restart({ records: await open('file') })
    await setup.clock.advance(50_000)
    expect(setup.pins()).toHaveLength(2)
    setup.model.requests.splice(0)

    await setup.clock.advance(HOUR_MS)

    expect(setup.pins()).toEqual([told])
    expect(setup.model.requests.map(({ operation }) => operation)).toEqual(['list', 'remove'])
  })

  it('loses no pin where the service has dropped the ids of writes', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    await addTwice(setup, 'file')
    await setup.clock.advance(20_000)
    const pins = setup.pins().map((pin) => setup.model.add(setup.token, { ...pin, writeId: undefined }))
    expect(pins).toHaveLength(2)
    setup.restart()

    await setup.clock.advance(HOUR_MS)

    expect(setup.pins()).toEqual(pins)
  })

  it('is swept once, although its tenant connects again and its key is sent again meanwhile', async () => {
    await using setup = startModelWrites({ keepsMeta: true })
    await addTwice(setup, 'file')
    await setup.clock.advance(20_000)
    setup.restart()
    await setup.clock.advance(1000)
    const again = setup.tenant.addPin(PIN, 'key')
    setup.tenant.lookForUnfinishedWrites()
    await setup.clock.advance(10_000)
    setup.model.requests.splice(0)

    await setup.clock.advance(HOUR_MS)

    expect(setup.pins()).toEqual([expect.objectContaining({ requestId: (await again).requestId })])
    expect(setup.count('list')).toBe(1)
  })
})

it('costs no request at a start after writes that were sent once', async () => {
  await using setup = startModelWrites({ keepsMeta: true })
  setup.restart({ records: await open('file') })
  await setup.outcomeOf(setup.tenant.addPin(PIN, 'key'))
  setup.restart({ records: await open('file') })
  setup.model.requests.splice(0)

  await setup.clock.advance(HOUR_MS)

  expect(setup.model.requests).toEqual([])
})
