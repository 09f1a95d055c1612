import { expect, it } from 'vitest'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'

const CID = 'bafkqablimvwgy3y'

it('refuses text that could not be stored and found again as it is', async () => {
  await using service = await startTestEmbedded()
  const { client } = service
  const bodies = [
    { cid: CID, name: 'a\ud800b' },
    { cid: CID, meta: { '\udfff': 'a' } },
    { cid: CID, meta: { a: '\ud800' } },
    // JavaScript would leave this key out.
    `{"cid":"${CID}","meta":{"__proto__":"x"}}`,
  ]
  for (const body of bodies) {
    expect(await client.request('POST', '/pins', body)).toMatchObject({
      status: 400,
      body: { error: { reason: 'BAD_REQUEST', details: expect.stringMatching(/^(name|meta).*: expected no /) } },
    })
  }
  expect(await client.list({ meta: '{"__proto__":"x"}' })).toMatchObject({
    status: 400,
    body: { error: { details: expect.stringContaining('meta') } },
  })
  expect((await client.list({ status: 'queued,pinning,pinned,failed' })).body.count).toBe(0)
})
