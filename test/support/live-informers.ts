import { Informers, type InformersOptions } from '../../src/live/informers.ts'
import { MemoryEventLog } from '../../src/live/telling/memory-event-log.ts'

/** Informers whose events are logged in memory. */
export function createInformers(options: Partial<InformersOptions> = {}): Informers {
  return new Informers({ createEventLog: () => new MemoryEventLog(), ...options })
}
