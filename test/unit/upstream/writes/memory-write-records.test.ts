import { expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { parseInstant } from '../../../../src/domain/instant.ts'
import type { Pin } from '../../../../src/domain/pin.ts'
import { MemoryWriteRecords } from '../../../../src/upstream/writes/memory-write-records.ts'
import type { WriteRecord } from '../../../../src/upstream/writes/write-records.ts'
import { exampleCid } from '../../../support/providers/example-cid.ts'

const NEW = { cid: parseCid(exampleCid(1)), name: null, origins: [], meta: {} }

function record(tenantKey: string, key: number | string, more: Partial<WriteRecord> = {}): WriteRecord {
  return {
    tenantKey,
    key: `${key}`,
    fingerprint: 'f',
    writeId: 'op',
    startedAt: 0,
    state: 'pending',
    write: { pin: NEW, replaces: null },
    before: null,
    result: null,
    sweepId: null,
    ...more,
  }
}

const made = (requestId: string): Pin => ({
  ...NEW,
  service: 'one',
  requestId,
  status: 'queued',
  created: parseInstant('2026-01-31T12:00:00Z'),
  delegates: [],
  info: {},
})

/** Room for about ten records of a tenant, and for twenty in all. */
const openRecords = () => new MemoryWriteRecords(() => 0, { maxBytesPerTenant: 15_000, maxBytes: 30_000 })

async function settle(records: MemoryWriteRecords, each: WriteRecord): Promise<void> {
  expect(await records.begin(each)).toBe(true)
  await records.finish(each, made(`of ${each.key}`))
}

/** Returns which of the keys 0 to 99 are on record. */
async function kept(records: MemoryWriteRecords, tenantKey: string): Promise<number[]> {
  const keys: number[] = []
  for (let key = 0; key < 100; key++) if (await records.find(tenantKey, `${key}`)) keys.push(key)
  return keys
}

it('forgets the oldest settled records of a tenant at its bound', async () => {
  const records = openRecords()
  await records.begin(record('a', 0))
  await settle(records, record('b', 0))
  for (let key = 1; key < 100; key++) await settle(records, record('a', key))
  const keys = await kept(records, 'a')
  expect(keys.length).toBeGreaterThan(5)
  expect(keys.length).toBeLessThan(15)
  // The oldest is not settled, and all others are the last ones.
  expect(keys).toEqual([0, ...Array.from({ length: keys.length - 1 }, (_, i) => 101 - keys.length + i)])
  expect(await kept(records, 'b')).toEqual([0])
})

it('forgets records of the tenant with the most memory when all tenants together reach the bound', async () => {
  const records = openRecords()
  for (let key = 0; key < 8; key++) await settle(records, record('greedy', key))
  for (let tenant = 0; tenant < 19; tenant++) await settle(records, record(`small ${tenant}`, 0))
  for (let tenant = 0; tenant < 19; tenant++) expect(await kept(records, `small ${tenant}`)).toEqual([0])
  const keys = await kept(records, 'greedy')
  expect(keys.length).toBeGreaterThan(0)
  expect(keys.length).toBeLessThan(8)
  expect(keys.at(-1)).toBe(7)
})

it('counts texts of the input, of the pins before and of the result', async () => {
  for (const more of [
    { write: { pin: { ...NEW, meta: { much: 'x'.repeat(8_000) } }, replaces: null } },
    { before: ['x'.repeat(8_000)] },
  ]) {
    const records = openRecords()
    await expect(records.begin(record('a', 0, more))).rejects.toMatchObject({ name: 'RecordsUnavailableError' })
  }
  const records = openRecords()
  for (const key of [0, 1, 2]) await settle(records, record('a', key))
  const last = record('a', 3)
  await records.begin(last)
  await records.finish(last, { ...made('r'), info: { much: 'x'.repeat(8_000) } })
  // It stays though it needs more than there is. All others that are settled go.
  expect(await kept(records, 'a')).toEqual([3])
})

it.each([
  ['pending', async () => {}],
  ['unknown', (records: MemoryWriteRecords, each: WriteRecord) => records.markUnknown(each)],
  [
    'due for a sweep',
    async (records: MemoryWriteRecords, each: WriteRecord) => {
      await records.finish(each, made('r'))
      await records.planSweep(each, 'sweep')
    },
  ],
])(
  'refuses a new record, with words, rather than forget one that is %s, and takes it when one has gone',
  async (_, leave) => {
    const records = openRecords()
    let begun = 0
    let refusal: unknown = null
    for (; refusal === null && begun < 100; begun++) {
      const each = record('a', begun)
      refusal = await records.begin(each).then(
        () => null,
        (error: unknown) => error,
      )
      if (refusal === null) await leave(records, each)
    }
    expect(refusal).toMatchObject({
      name: 'RecordsUnavailableError',
      message: expect.stringContaining('is full of changes'),
    })
    begun--
    expect(await kept(records, 'a')).toHaveLength(begun)
    expect(await records.unfinished('a')).toHaveLength(begun)
    await records.begin(record('b', 0))
    await records.forget(record('a', 3))
    expect(await records.begin(record('a', 99))).toBe(true)
  },
)
