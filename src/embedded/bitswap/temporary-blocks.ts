import { randomUUID } from 'node:crypto'
import { closeSync, openSync, read, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { blockKey } from '../dag/block-key.ts'
import type { ServedBlocks } from './bitswap-peer.ts'

const readAt = promisify(read)

/** Blocks in one unnamed temporary file. The system deletes it when this is disposed or the process dies. */
export class TemporaryBlocks implements ServedBlocks, Disposable {
  readonly #file: number
  readonly #places = new Map<string, { offset: number; length: number }>()
  #end = 0

  constructor() {
    const path = join(tmpdir(), `pinql-${randomUUID()}.blocks`)
    this.#file = openSync(path, 'wx+', 0o600)
    rmSync(path)
  }

  /** Number of different blocks, and their bytes. */
  get size(): { blocks: number; bytes: number } {
    return { blocks: this.#places.size, bytes: this.#end }
  }

  put(multihash: Uint8Array, bytes: Uint8Array): void {
    const key = blockKey(multihash)
    if (this.#places.has(key)) return
    writeSync(this.#file, bytes, 0, bytes.length, this.#end)
    this.#places.set(key, { offset: this.#end, length: bytes.length })
    this.#end += bytes.length
  }

  has(multihash: Uint8Array): boolean {
    return this.#places.has(blockKey(multihash))
  }

  async get(multihash: Uint8Array): Promise<Uint8Array | null> {
    const place = this.#places.get(blockKey(multihash))
    if (!place) return null
    const { buffer } = await readAt(this.#file, Buffer.allocUnsafe(place.length), 0, place.length, place.offset)
    return buffer
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }
}
