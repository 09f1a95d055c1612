import { Configuration, RemotePinningServiceClient, Status } from '@ipfs-shipyard/pinning-service-client'
import { expect, it } from 'vitest'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'

it('serves the official client: it lists, adds, replaces and deletes', async () => {
  await using service = await startTestEmbedded()
  const client = new RemotePinningServiceClient(
    new Configuration({ endpointUrl: service.endpoint, accessToken: 'token-a' }),
  )
  const all = { status: Object.values(Status) }
  expect((await client.pinsGet(all)).count).toBe(0)

  const added = await client.pinsPost({ pin: { cid: 'bafkqaaa', name: 'first', meta: { app: 'test' } } })
  expect((await client.pinsRequestidGet({ requestid: added.requestid })).pin.name).toBe('first')
  expect((await client.pinsGet({ ...all, name: 'first', meta: { app: 'test' } })).count).toBe(1)

  const replaced = await client.pinsRequestidPost({ requestid: added.requestid, pin: { cid: 'bafkqabtimvwgy3yk' } })
  await expect(client.pinsRequestidGet({ requestid: added.requestid })).rejects.toMatchObject({
    status: 404,
  })

  const { count, results } = await client.pinsGet({ ...all, before: new Date(replaced.created.getTime() + 1) })
  expect(count).toBe(1)
  expect([...results].map(({ pin }) => pin.cid)).toEqual(['bafkqabtimvwgy3yk'])

  await client.pinsRequestidDelete({ requestid: replaced.requestid })
  expect((await client.pinsGet(all)).count).toBe(0)
})
