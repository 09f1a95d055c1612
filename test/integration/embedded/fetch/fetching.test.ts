import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { expect, it } from 'vitest'
import { startPeer } from '../../../../src/embedded/bitswap/start-peer.ts'
import { isBlockOf } from '../../../../src/embedded/dag/verify-block.ts'
import { spawnOrigin } from '../../../support/embedded/spawn-origin.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const FILES = 220
const textOf = (i: number): string => `content of file ${i}\n`.repeat(i + 1)

/** A directory of 220 files in three folders, about half a megabyte. */
async function writeFiles(path: string): Promise<void> {
  for (let i = 0; i < FILES; i++) {
    const folder = join(path, `folder-${i % 3}`)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, `file-${i}.txt`), textOf(i))
  }
}

/** Reads one file of a directory from the peer at an address, by bitswap. */
async function readFile(address: string, root: string, path: string[]): Promise<string> {
  await using reader = await startPeer({ blocks: { get: () => null }, listen: [] })
  using session = reader.createSession()
  session.addPeer(await reader.dial([address], { signal: new AbortController().signal }))
  let cid = CID.parse(root)
  for (const name of path) {
    const link = dagPb.decode(await session.want(cid)).Links.find(({ Name }) => Name === name)
    if (!link) throw new Error(`There is no ${name} in ${cid}`)
    cid = link.Hash
  }
  const bytes = await session.want(cid)
  expect(isBlockOf(cid, bytes)).toBe(true)
  return Buffer.from(bytes).toString()
}

it('pins a directory from another process, and serves it by bitswap when that is gone and after a restart', async () => {
  await using data = await temporaryFolder()
  await using files = await temporaryFolder()
  await writeFiles(files.path)

  let cid: string
  let requestid: string
  let peerId: string | null
  {
    await using service = await startTestEmbedded({ dataDir: data.path })
    const origin = await spawnOrigin(files.path)
    cid = origin.cid
    peerId = service.peerId
    requestid = (await service.client.add({ cid, name: 'files', origins: origin.origins })).requestid
    const { status, info } = await service.client.settled(requestid)
    await origin[Symbol.asyncDispose]()

    expect(status).toBe('pinned')
    expect(info.dag_blocks).toBe(`${FILES + 3 + 1}`)
    expect(service.errors).toEqual([])
    expect(await readFile(service.addresses[0] ?? '', cid, ['folder-1', 'file-100.txt'])).toBe(textOf(100))
  }

  await using again = await startTestEmbedded({ dataDir: data.path })
  expect(again.peerId).toBe(peerId)
  expect((await again.client.get(requestid)).body).toMatchObject({ status: 'pinned', pin: { cid, name: 'files' } })
  expect(await readFile(again.addresses[0] ?? '', cid, ['folder-0', 'file-219.txt'])).toBe(textOf(219))
})

it('fails a pin without origins in a bounded time, with the reason', async () => {
  await using service = await startTestEmbedded({ limits: { stallTimeoutMs: 100 } })
  const { requestid } = await service.client.add({ cid: 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354' })
  const { status, info } = await service.client.settled(requestid)
  expect({ status, info }).toEqual({
    status: 'failed',
    info: {
      status_details: 'No block arrived for 0.1 s; the pin names no origins, and no connected peer has sent it',
      blocks_fetched: '0',
      bytes_fetched: '0',
    },
  })
})
