import { expect, it } from 'vitest'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'

it('answers at paths with more slashes, as base URLs are often written', async () => {
  await using service = await startTestEmbedded()
  const { client } = service
  const { requestid } = await client.add({ cid: 'bafkqaaa' })
  for (const path of ['/pins', '/pins/', '//pins', '//pins//']) {
    expect(await client.request('GET', path)).toMatchObject({ status: 200 })
    expect(await client.request('GET', `${path}/${requestid}/`)).toMatchObject({ status: 200, body: { requestid } })
  }
  expect(await client.request('GET', '/pin')).toMatchObject({ status: 404 })
})

it.each([
  ['nmae=x', 'nmae'],
  ['page=2', 'page'],
  ['cids=x&limit=5', 'cids'],
  ['meta[a]=1&meta[a]=2', 'meta[a]'],
  ['meta[a]=1&meta={"b":"c"}', 'meta'],
])(
  'refuses GET /pins?%s, and names %s: a filter that is passed over would list more than was meant',
  async (query, parameter) => {
    await using service = await startTestEmbedded()
    const answer = await service.client.request<{ error: { details: string } }>('GET', `/pins?${query}`)
    expect(answer).toMatchObject({ status: 400, body: { error: { reason: 'BAD_REQUEST' } } })
    expect(answer.body.error.details).toContain(parameter)
  },
)
