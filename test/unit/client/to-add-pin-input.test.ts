import { describe, expect, it } from 'vitest'
import { toAddPinInput } from '../../../src/client/index.ts'

const PEER = '12D3KooWBhvxmvKvTYGJZXyzQhmTfzZzhCEwWJVZFB2YC1EPyhPG'
const ORIGIN = `/ip4/203.0.113.1/tcp/4001/p2p/${PEER}`
const DELEGATE = `/dns4/pinning.example/tcp/4001/p2p/${PEER}`
const CID = 'bafkqablimvwgy3y'
const pin = {
  cid: CID,
  name: 'album',
  meta: { app: 'blog' },
  origins: [ORIGIN],
  delegates: [DELEGATE],
  service: { name: 'one' },
}

describe('a removed pin', () => {
  it('is added again to its service, with its name, meta and origins', () => {
    expect(toAddPinInput(pin)).toEqual({
      cid: CID,
      name: 'album',
      meta: { app: 'blog' },
      origins: [ORIGIN],
      service: 'one',
    })
    expect(toAddPinInput(pin, { service: 'one' })).toEqual(toAddPinInput(pin))
  })

  it('is added to the default service where its service was not selected', () => {
    expect(toAddPinInput({ cid: CID, delegates: [DELEGATE] })).toEqual({ cid: CID })
  })

  it('leaves out the parts that the removed pin does not have', () => {
    expect(toAddPinInput({ cid: CID, name: null, meta: {}, origins: [] })).toEqual({ cid: CID })
    expect(toAddPinInput({ cid: CID, name: '', meta: null, origins: null, delegates: null, service: null })).toEqual({
      cid: CID,
    })
  })

  it('is not changed, and shares nothing with its input', () => {
    const input = toAddPinInput(pin)
    input.meta = Object.assign(input.meta ?? {}, { more: 'yes' })
    input.origins?.push(DELEGATE)
    expect(pin).toMatchObject({ meta: { app: 'blog' }, origins: [ORIGIN] })
    expect(pin.meta).not.toHaveProperty('more')
  })
})

describe('a copy at another service', () => {
  it('finds the content at the delegates and the origins of the pin', () => {
    expect(toAddPinInput(pin, { service: 'two' })).toEqual({
      cid: CID,
      name: 'album',
      meta: { app: 'blog' },
      origins: [DELEGATE, ORIGIN],
      service: 'two',
    })
  })

  it('has no more origins than the API accepts, each once, and only those with a peer id', () => {
    const delegates = Array.from({ length: 19 }, (_, n) => `/ip4/203.0.113.${n}/tcp/4001/p2p/${PEER}`)
    const given = {
      ...pin,
      delegates: [...delegates, '/ip4/203.0.113.99/tcp/4001'],
      origins: [ORIGIN, DELEGATE, `${DELEGATE}2`],
    }
    const { origins } = toAddPinInput(given, { service: 'two' })
    expect(origins).toEqual([...delegates, DELEGATE])
  })
})
