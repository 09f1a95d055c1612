import { expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { PIN_DATABASE } from '../../../../src/embedded/store/database-schema.ts'
import { interruptionsIn } from '../../../../src/embedded/store/interruptions.ts'
import { PinStore } from '../../../../src/embedded/store/pin-store.ts'
import { TokenStore } from '../../../../src/embedded/store/token-store.ts'
import { openDatabase } from '../../../../src/storage/open-database.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const CID = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

async function openPins(dataDir: string) {
  const database = await openDatabase(`${dataDir}/pins.db`, PIN_DATABASE)
  return { database, pins: new PinStore(database), owner: new TokenStore(database).ownerOfConfigured('token-a') }
}

it('fails a pin after the service was interrupted ten times while fetching it, without a new block', async () => {
  await using folder = await temporaryFolder()
  const { database, pins, owner } = await openPins(folder.path)
  const cid = parseCid(CID)
  const { created, requestId } = pins.add(owner, { cid, name: null, origins: [], meta: {} })
  const breakOff = (): unknown => {
    const info = pins.getByKey(created)?.info ?? {}
    pins.setStatus(created, 'pinning', { status_details: 'Fetching blocks', ...interruptionsIn(info) })
    pins.requeueInterrupted()
    return pins.getByKey(created)?.info.interruptions
  }
  expect([breakOff(), breakOff(), breakOff()]).toEqual(['1', '2', '3'])
  database.exec('UPDATE pin SET blocks = 1')
  expect(breakOff()).toBe('1')
  for (let n = 2; n < 10; n++) expect(breakOff()).toBe(`${n}`)
  pins.setStatus(created, 'pinning', interruptionsIn(pins.getByKey(created)?.info ?? {}))
  database.close()

  await using service = await startTestEmbedded({ dataDir: folder.path })
  const { status, info } = await service.client.settled(requestId)
  expect({ status, details: info.status_details }).toEqual({
    status: 'failed',
    details:
      'The service broke off 10 times while it fetched this, without a block more; add it anew to have it tried again',
  })
})

it('does not count an orderly stop as an interruption', async () => {
  await using folder = await temporaryFolder()
  const service = await startTestEmbedded({ dataDir: folder.path })
  const { requestid } = await service.client.add({ cid: CID })
  expect((await service.client.get(requestid)).body.status).toBe('pinning')
  await service[Symbol.asyncDispose]()

  const { database, pins, owner } = await openPins(folder.path)
  const pin = pins.get(owner, requestid)
  database.close()
  expect({ status: pin?.status, interruptions: pin?.info.interruptions }).toEqual({ status: 'queued' })
})
