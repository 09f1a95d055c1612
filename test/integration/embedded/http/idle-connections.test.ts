import { expect, it } from 'vitest'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'
import { startTestGateway } from '../../../support/start-test-gateway.ts'

it('keeps idle connections as long as the gateway does, which is longer than load balancers do', async () => {
  await using service = await startTestEmbedded()
  await using gateway = await startTestGateway()
  const kept = async (url: string) => (await fetch(url)).headers.get('keep-alive')
  expect(await kept(`${service.endpoint}/pins`)).toBe('timeout=65')
  expect(await kept(`${gateway.url}/health`)).toBe('timeout=65')
})
