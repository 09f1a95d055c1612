import { describe, expect, it } from 'vitest'
import { exampleCid } from '../../../support/providers/example-cid.ts'
import { ALICE, allBut, ask, observeAll } from '../../../support/zoo/observe-zoo.ts'

const cid = exampleCid(1)
const path = (requestId: string | undefined) => `/pins/${encodeURIComponent(requestId ?? '')}`

describe('how each service replaces a pin', () => {
  it('replaces by another CID under a new id, or keeps id and CID (#21)', async () => {
    const seen = await observeAll(async (service) => {
      const [old] = service.seed(ALICE, [{ cid, name: 'old' }])
      await ask(service, 'POST', path(old?.requestId), { cid: exampleCid(2), name: 'new' })
      const pins = service.pins(ALICE)
      return pins.map((pin) => [pin.requestId === old?.requestId, pin.cid === cid, pin.name])
    })

    expect(seen).toEqual(allBut([[false, false, 'new']], { 'filecoin-pin': [[true, true, 'new']] }))
  })

  it('replaces by the same CID under a new id, keeps the id, refuses, or loses the pin (#21)', async () => {
    const seen = await observeAll(async (service) => {
      const [old] = service.seed(ALICE, [{ cid, name: 'old' }])
      const { status } = await ask(service, 'POST', path(old?.requestId), { cid, name: 'new' })
      return [status >= 400, service.pins(ALICE).map((pin) => [pin.requestId === old?.requestId, pin.name])]
    })

    expect(seen).toEqual(
      allBut<unknown[]>([false, [[false, 'new']]], {
        'helia-server': [false, [[true, 'new']]],
        'filecoin-pin': [false, [[true, 'new']]],
        'web3-storage': [true, [[true, 'old']]],
        'ipfs-cluster': [false, []],
        'nft-storage': [false, []],
      }),
    )
  })

  it('has both pins, or neither, in the middle of a replacement (#21)', async () => {
    const seen = await observeAll(async (service) => {
      const [old] = service.seed(ALICE, [{ cid }])
      let inTheMiddle: number | undefined
      service.hooks.duringReplace = () => {
        inTheMiddle = service.pins(ALICE).length
      }
      await ask(service, 'POST', path(old?.requestId), { cid: exampleCid(2) })
      return inTheMiddle
    })

    expect(seen).toEqual(allBut<number | undefined>(2, { functionland: 0, 'filecoin-pin': undefined }))
  })

  it('lets the old id be read after a replacement at Estuary, but lists it no more (#22)', async () => {
    const seen = await observeAll(async (service) => {
      const [old] = service.seed(ALICE, [{ cid }])
      await ask(service, 'POST', path(old?.requestId), { cid: exampleCid(2) })
      expect(service.pins(ALICE)).toHaveLength(1)
      return (await ask(service, 'GET', path(old?.requestId))).status
    })

    expect(seen).toEqual(allBut(404, { estuary: 200, 'filecoin-pin': 200 }))
  })
})
