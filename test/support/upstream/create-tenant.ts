import type { Service } from '../../../src/upstream/service/service.ts'
import { Tenant } from '../../../src/upstream/tenant/tenant.ts'
import { MemoryWriteRecords } from '../../../src/upstream/writes/memory-write-records.ts'
import { WriteJournal } from '../../../src/upstream/writes/write-journal.ts'

/** Creates a tenant of a service without a registry. The records of its writes end with it. */
export function createTenant(service: Service, tenantKey: string, token: string): Tenant {
  const records = new MemoryWriteRecords(() => service.clock.wallNow())
  return new Tenant(service, tenantKey, token, new WriteJournal(records))
}
