import type { Pin } from '../../../src/domain/pin.ts'
import type { Capabilities } from '../../../src/upstream/providers/capabilities.ts'
import type { Tenant } from '../../../src/upstream/tenant/tenant.ts'
import { MemoryWriteRecords } from '../../../src/upstream/writes/memory-write-records.ts'
import type { WriteRecords } from '../../../src/upstream/writes/write-records.ts'
import { type Fate, type ModelOperation, ModelService } from '../model/model-service.ts'
import { createTestRegistry } from '../upstream/create-test-registry.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { Life, mortalClient, mortalRecords } from './mortal.ts'

/** One tenant at a model service, on a clock that stands still until the test moves it. */
export interface ModelWrites extends AsyncDisposable {
  readonly model: ModelService
  readonly clock: VirtualClock
  /** The life of the gateway that runs now. */
  readonly life: Life
  /** The tenant in that life. It connects at the start, since its token is configured. */
  readonly tenant: Tenant
  readonly token: string
  /** The tenant's pins at the service, oldest first. */
  pins(): Pin[]
  /** Sets the fates of requests by their operation, and by their number among the requests of that operation, from 1. */
  decide(fates: Partial<Record<ModelOperation, (n: number) => Fate | undefined>>): void
  /** Number of requests of an operation that arrived. */
  count(operation: ModelOperation): number
  /** Lets time pass until there is an outcome. Returns the value or the error; undefined if the life ends first. */
  outcomeOf(work: Promise<unknown>): Promise<unknown>
  /**
   * Kills the gateway, unless its life has ended, and starts it again.
   *
   * @param options.lastStep step with which the new life ends. Default: it ends with the test.
   * @param options.records records for the new life. Default: those of the life before.
   */
  restart(options?: { readonly lastStep?: number | undefined; readonly records?: WriteRecords }): void
}

const SECRET = Buffer.alloc(32, 1)

export function startModelWrites(capabilities: Partial<Capabilities> = {}): ModelWrites {
  const clock = new VirtualClock(1000)
  const model = new ModelService({ clock })
  model.keepsPastMs = 10_000
  const token = 'token'
  const limits = [{ limit: 1_000_000, windowMs: 1000, scope: 'address', endpoint: 'all' }] as const
  const settings = { name: 'model', endpoint: 'http://model.invalid', token, provider: null, limits, capabilities }
  let records: WriteRecords = new MemoryWriteRecords(() => clock.wallNow())
  const begin = (life: Life) => {
    const registry = createTestRegistry([settings], 'model', {
      clock,
      connect: () => mortalClient(model.connect(), life),
      random: () => 0.5,
      writeRecords: mortalRecords(records, life),
      tenantSecret: SECRET,
    })
    return { life, registry }
  }
  let now = begin(new Life())
  return {
    model,
    clock,
    get life() {
      return now.life
    },
    get tenant() {
      return now.registry.tenant('model', null)
    },
    token,
    pins: () => [...model.pins(token).values()],
    decide(fates) {
      const counts = new Map<ModelOperation, number>()
      model.fate = (operation) => {
        const n = (counts.get(operation) ?? 0) + 1
        counts.set(operation, n)
        return fates[operation]?.(n)
      }
    },
    count: (operation) => model.requests.filter((request) => request.operation === operation).length,
    async outcomeOf(work) {
      let isOver = false
      const outcome = Promise.race([work.catch((error: unknown) => error), now.life.died]).finally(() => {
        isOver = true
      })
      while (!isOver) await clock.advance(100)
      return outcome
    },
    restart(options = {}) {
      now.life.kill()
      records = options.records ?? records
      now = begin(new Life(options.lastStep))
    },
    [Symbol.asyncDispose]: () => now.registry[Symbol.asyncDispose](),
  }
}
