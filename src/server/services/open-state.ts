import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { GatewayConfig } from '../../config/gateway-config.ts'
import type { CreateEventLog } from '../../live/telling/event-log.ts'
import { MemoryEventLog } from '../../live/telling/memory-event-log.ts'
import type { Logger } from '../../observability/logger.ts'
import { createMemoryBudget } from '../../upstream/budget/create-memory-budget.ts'
import type { CreateRequestBudget } from '../../upstream/budget/request-budget.ts'
import { MemoryWriteRecords } from '../../upstream/writes/memory-write-records.ts'
import { openWriteRecords } from '../../upstream/writes/open-write-records.ts'
import type { WriteRecords } from '../../upstream/writes/write-records.ts'
import { DataDirectoryError } from './data-directory.ts'
import { readSecretFile } from './secret-file.ts'

/**
 * Everything that several gateways in front of the same services would share. A gateway that is alone keeps it in memory and in files.
 *
 * Disposing it closes what it has opened: the records of writes, and what all parts have in common, such as a connection to Redis. The
 * services dispose their budgets before that, and the informers their event logs.
 */
export interface GatewayState extends AsyncDisposable {
  readonly createBudget: CreateRequestBudget
  readonly createEventLog: CreateEventLog
  readonly writeRecords: WriteRecords
  /** Secret from which the keys of tenants are made. Event logs and records of writes are kept under these keys. */
  readonly tenantSecret: Uint8Array
}

/**
 * Opens the state of a gateway that is alone.
 *
 * @throws {DataDirectoryError} when an embedded service is configured and the data directory cannot be written
 */
export async function openState(config: GatewayConfig, log: Logger): Promise<GatewayState> {
  const { tenantSecret, writeRecords } = await openRecords(config, log)
  return {
    createBudget: createMemoryBudget,
    createEventLog: () => new MemoryEventLog(),
    writeRecords,
    tenantSecret,
    [Symbol.asyncDispose]: () => writeRecords[Symbol.asyncDispose](),
  }
}

/**
 * Opens the records with which a gateway finishes the writes of the process before it. They contain no tokens.
 *
 * A gateway without an embedded service runs without a data directory as well, such as in a read-only container.
 */
async function openRecords(
  { dataDir, services }: GatewayConfig,
  log: Logger,
): Promise<Pick<GatewayState, 'tenantSecret' | 'writeRecords'>> {
  try {
    const { secret } = await readSecretFile(dataDir, 'tenant-secret')
    return {
      tenantSecret: Buffer.from(secret),
      writeRecords: await openWriteRecords(join(dataDir, 'writes.db'), Date.now),
    }
  } catch (error) {
    if (!(error instanceof DataDirectoryError) || services.some(({ provider }) => provider === 'embedded')) throw error
    log.warn(
      `${error.message}. Writes are on record in memory only: after a restart, their idempotency keys are forgotten`,
    )
    return { tenantSecret: randomBytes(32), writeRecords: new MemoryWriteRecords(Date.now) }
  }
}
