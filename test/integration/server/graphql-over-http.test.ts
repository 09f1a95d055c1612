import { auditServer } from 'graphql-http'
import { expect, it } from 'vitest'
import { startTestGateway } from '../../support/start-test-gateway.ts'

it('passes all 61 checks of the GraphQL over HTTP audit', async () => {
  await using gateway = await startTestGateway({ upstream: 'http://127.0.0.1:9' })
  const results = await auditServer({ url: gateway.url, fetchFn: fetch })
  const failed = results.filter(({ status }) => status !== 'ok').map(({ id, name }) => `${id} ${name}`)
  expect(failed).toEqual([])
  expect(results).toHaveLength(61)
})
