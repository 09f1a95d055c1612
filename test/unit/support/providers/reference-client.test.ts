import { Configuration, RemotePinningServiceClient, Status } from '@ipfs-shipyard/pinning-service-client'
import { expect, it } from 'vitest'
import { compliant } from '../../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../../support/providers/example-cid.ts'
import { ALICE } from '../../../support/zoo/observe-zoo.ts'

it('the compliant member serves the reference client', async () => {
  await using service = await startEmulatedProvider(compliant)
  const client = new RemotePinningServiceClient(
    new Configuration({ endpointUrl: service.endpoint, accessToken: ALICE }),
  )
  const added = await client.pinsPost({ pin: { cid: exampleCid(1), name: 'one' } })
  const replaced = await client.pinsRequestidPost({ requestid: added.requestid, pin: { cid: exampleCid(2) } })
  const listed = await client.pinsGet({ status: [Status.Queued], limit: 10 })
  const read = await client.pinsRequestidGet({ requestid: replaced.requestid })
  await client.pinsRequestidDelete({ requestid: replaced.requestid })

  expect(added).toMatchObject({ status: 'queued', pin: { cid: exampleCid(1), name: 'one' } })
  expect([listed.count, [...listed.results]]).toEqual([1, [replaced]])
  expect(read).toEqual(replaced)
  expect(service.pins(ALICE)).toEqual([])
})
