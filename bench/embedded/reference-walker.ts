// The least that a pinner can be: Helia's bitswap, 64 blocks at a time, each hashed, none stored. Prints seconds.
import { CID } from 'multiformats/cid'
import { isBlockOf } from '../../src/embedded/dag/verify-block.ts'
import { walkDag } from '../../src/embedded/dag/walk-dag.ts'
import { startHeliaPeer } from '../../test/support/embedded/start-helia-peer.ts'

const [root = '', origin = ''] = process.argv.slice(2)
const peer = await startHeliaPeer()
await peer.dial(origin)
const { signal } = new AbortController()
const started = performance.now()
await walkDag(CID.parse(root), {
  concurrency: 64,
  signal,
  visit: async (cid) => {
    const bytes = await peer.want(cid, { signal: AbortSignal.timeout(60_000) })
    if (!isBlockOf(cid, bytes)) throw new Error(`Block ${cid} has other bytes`)
    return bytes
  },
})
process.stdout.write(`${(performance.now() - started) / 1_000}\n`)
process.exit()
