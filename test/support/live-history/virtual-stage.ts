import { startScriptedLive } from '../start-scripted-live.ts'
import type { HistoryStage } from './history-stage.ts'

/** All in this process, without a socket, on a clock that goes as fast as the processor. */
export function startVirtualStage(random: () => number): HistoryStage {
  const scripted = startScriptedLive({ random })
  const { clock, upstream, live, tenant, watch } = scripted
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
    [Symbol.asyncDispose]: () => scripted[Symbol.asyncDispose](),
  }
}
