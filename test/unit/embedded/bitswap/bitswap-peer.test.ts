import type { Libp2p, PeerId } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { expect, it } from 'vitest'
import { decodeBitswapMessage, type WantEntry } from '../../../../src/embedded/bitswap/bitswap-message.ts'
import { BitswapPeer } from '../../../../src/embedded/bitswap/bitswap-peer.ts'
import { EventLoopTurns } from '../../../../src/embedded/dag/event-loop-turns.ts'
import { readVarint } from '../../../../src/embedded/dag/varint.ts'

function haveOf(i: number): WantEntry {
  const digest = Buffer.alloc(32)
  digest.writeUInt32BE(i)
  const cid = CID.createV1(0x55, createDigest(0x12, digest)).bytes
  return { cid, cancel: false, type: 'have', sendDontHave: true }
}

it('answers a thousand questions for blocks without reading one, and gives way between messages', async () => {
  const sent: number[] = []
  let closed = (): void => {}
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve
  })
  const stream = {
    send: (framed: Uint8Array) => {
      const length = readVarint(framed, 0)
      sent.push(decodeBitswapMessage(framed.subarray(length?.end)).presences.length)
      return true
    },
    close: async () => closed(),
  }
  const libp2p = { getConnections: () => [{ status: 'open', newStream: async () => stream }] } as unknown as Libp2p
  let reads = 0
  const blocks = {
    get: () => {
      reads++
      return new Uint8Array(2 * 1024 * 1024)
    },
    has: () => true,
  }
  const turns = new EventLoopTurns()
  let waits = 0
  const wait = turns.wait.bind(turns)
  turns.wait = () => {
    waits++
    return wait()
  }
  const peer = new BitswapPeer({} as PeerId, { libp2p, blocks, turns })
  peer.serve(Array.from({ length: 1_024 }, (_, i) => haveOf(i)))
  await isClosed
  expect(sent).toEqual([256, 256, 256, 256])
  expect(waits).toBeGreaterThanOrEqual(4)
  expect(reads).toBe(0)
})
