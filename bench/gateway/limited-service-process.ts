import { EMULATED_TOKENS, startEmulatedProvider } from '../../test/support/providers/emulated-provider.ts'
import { exampleCid } from '../../test/support/providers/example-cid.ts'
import { filebase } from '../../test/support/providers/filebase.ts'
import { serve } from './start-process.ts'

/** The emulated Filebase: 100 requests a second by an exact sliding log, each answer 20 ms away. */
serve(async ({ pins, latencyMs = 20 }: { pins: number; latencyMs?: number }) => {
  const service = await startEmulatedProvider(filebase, { rateRules: 'as documented' })
  service.hooks.beforeReply = async () => {
    await new Promise((resolve) => setTimeout(resolve, latencyMs))
    return undefined
  }
  service.seed(
    EMULATED_TOKENS[0],
    Array.from({ length: pins }, (_, n) => ({ cid: exampleCid(n), requestId: `pin-${n}` })),
  )
  return {
    url: service.endpoint,
    counts: () => ({
      requests: service.requests.length,
      refused: service.requests.filter(({ status }) => status === 429).length,
    }),
  }
})
