import { startModelLive } from '../model/start-model-live.ts'
import type { HistoryStage } from './history-stage.ts'

/** All in this process, without a socket, on a clock that goes as fast as the processor. */
export function startVirtualStage(random: () => number): HistoryStage {
  const model = startModelLive({ random })
  const { clock, upstream, live, tenant, watch } = model
  return {
    clock,
    upstream,
    live,
    troubles: new Map(),
    tenant,
    open: watch,
    advance: (ms) => clock.advance(ms),
    trouble() {},
    async calm() {},
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  }
}
