import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { expect, it } from 'vitest'
import { startPeer } from '../../../src/embedded/bitswap/start-peer.ts'
import { type SpawnedService, spawnService } from '../../support/embedded/spawn-service.ts'
import { seedPin, storedPins } from '../../support/embedded/stored-pins.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const PINS = 11
/** Place of the pin that ends the process whenever its block is requested. */
const DEADLY = 5

const bytesOf = (place: number): Uint8Array => Buffer.from(`block ${place}`)
const cidOf = async (place: number): Promise<CID> => CID.createV1(0x55, await sha256.digest(bytesOf(place)))

it('fails the pin that breaks the service off each time, and pins the ten that were in progress beside it', {
  timeout: 240_000,
}, async () => {
  await using folder = await temporaryFolder()
  const dataDir = folder.path
  const cids = await Promise.all(Array.from({ length: PINS }, (_, place) => cidOf(place)))
  let service: Promise<SpawnedService> | undefined
  let deaths = 0
  let isDead = false
  await using deadly = await startPeer({
    blocks: {
      get: async () => {
        await (await service)?.kill()
        deaths++
        isDead = true
        return null
      },
    },
    listen: ['/ip4/127.0.0.1/tcp/0'],
  })
  // It answers only while the service does not work on the deadly pin, so that no other pin is complete before the service dies.
  await using innocent = await startPeer({
    blocks: {
      get: async (multihash) => {
        if ((await storedPins(dataDir))[DEADLY]?.status === 'pinning') return new Promise(() => {})
        const place = cids.findIndex((cid) => Buffer.from(cid.multihash.bytes).equals(multihash))
        return place < 0 ? null : bytesOf(place)
      },
    },
    listen: ['/ip4/127.0.0.1/tcp/0'],
  })
  for (const [place, cid] of cids.entries()) {
    await seedPin(dataDir, cid.toString(), place === DEADLY ? deadly.addresses : innocent.addresses)
  }

  let statuses: string[] = []
  while (!statuses.length || statuses.some((status) => status === 'queued' || status === 'pinning')) {
    isDead = false
    service = spawnService(dataDir)
    await service
    await expect
      .poll(
        async () => {
          statuses = (await storedPins(dataDir)).map(({ status }) => status)
          return isDead || statuses.every((status) => status === 'pinned' || status === 'failed')
        },
        { timeout: 60_000 },
      )
      .toBe(true)
  }
  await (await service)?.kill()
  expect(statuses).toEqual(cids.map((_, place) => (place === DEADLY ? 'failed' : 'pinned')))
  expect(deaths).toBe(10)
})
