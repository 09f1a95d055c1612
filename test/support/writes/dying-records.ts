import type { WriteRecords } from '../../../src/upstream/writes/write-records.ts'

/**
 * Records of a gateway that is killed between a service's answer and the note of it: no result is ever kept.
 *
 * @param key of the write at which the gateway dies; all others are kept
 */
export function dyingRecords(records: WriteRecords, key: string): WriteRecords {
  return {
    find: (tenant, each) => records.find(tenant, each),
    begin: (record) => records.begin(record),
    forget: (record) => records.forget(record),
    markUnknown: (record) => records.markUnknown(record),
    async finish(record, pin, options) {
      if (record.key === key) throw new Error('The gateway was killed')
      return records.finish(record, pin, options)
    },
    planSweep: (record, sweepId) => records.planSweep(record, sweepId),
    endSweep: (record, sweepId) => records.endSweep(record, sweepId),
    unfinished: (tenant) => records.unfinished(tenant),
    claimed: (tenant, requestIds) => records.claimed(tenant, requestIds),
    [Symbol.asyncDispose]: () => records[Symbol.asyncDispose](),
  }
}
