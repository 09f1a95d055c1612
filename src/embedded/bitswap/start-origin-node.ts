import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { importer } from 'ipfs-unixfs-importer'
import type { CID } from 'multiformats/cid'
import { startPeer } from './start-peer.ts'
import { TemporaryBlocks } from './temporary-blocks.ts'

/** A peer that serves one file or directory until it is disposed. */
export interface OriginNode extends AsyncDisposable {
  readonly cid: string
  /** Multiaddrs to give as a pin's `origins`. */
  readonly origins: readonly string[]
  readonly blocks: number
  readonly bytes: number
}

/**
 * Imports a file or directory as UnixFS (CIDv1, raw leaves) and serves it by bitswap on loopback.
 *
 * Ignores symbolic links and special files in a directory. The blocks are in a temporary file, not in memory.
 *
 * @param options.path file or directory
 * @param options.listen multiaddrs to listen on. Default: any port on loopback.
 * @throws {Error} when the path is neither a file nor a directory, and what the system throws when something cannot be read
 */
export async function startOriginNode(options: { path: string; listen?: readonly string[] }): Promise<OriginNode> {
  const store = new TemporaryBlocks()
  try {
    const cid = await importPath(options.path, store)
    const peer = await startPeer({
      blocks: store,
      listen: options.listen ?? ['/ip4/127.0.0.1/tcp/0'],
    })
    return {
      cid: cid.toString(),
      origins: peer.addresses,
      ...store.size,
      [Symbol.asyncDispose]: async () => {
        await peer[Symbol.asyncDispose]()
        store[Symbol.dispose]()
      },
    }
  } catch (error) {
    store[Symbol.dispose]()
    throw error
  }
}

async function importPath(path: string, store: TemporaryBlocks): Promise<CID> {
  const found = await stat(path)
  const isDirectory = found.isDirectory()
  // A pipe would be waited for without end.
  if (!isDirectory && !found.isFile()) throw new Error(`Cannot read ${path}: it is neither a file nor a directory`)
  const source = isDirectory ? entriesOf(path, '') : [{ path: basename(path), content: createReadStream(path) }]
  const blockstore = {
    put: async (cid: CID, bytes: Uint8Array) => {
      store.put(cid.multihash.bytes, bytes)
      return cid
    },
  }
  let root: CID | null = null
  const imported = importer(source, blockstore as unknown as Parameters<typeof importer>[1], {
    cidVersion: 1,
    rawLeaves: true,
    wrapWithDirectory: isDirectory,
  })
  // The root comes last.
  for await (const { cid } of imported) root = cid
  if (root) return root
  throw new Error(`There is nothing to import in ${path}`)
}

async function* entriesOf(
  base: string,
  folder: string,
): AsyncGenerator<{ path: string; content?: AsyncIterable<Uint8Array> }> {
  const entries = await readdir(join(base, folder), { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = folder ? `${folder}/${entry.name}` : entry.name
    if (entry.isDirectory()) {
      yield { path }
      yield* entriesOf(base, path)
    } else if (entry.isFile()) {
      yield { path, content: createReadStream(join(base, path)) }
    }
  }
}
