import { CID } from 'multiformats/cid'
import { DagError } from './dag-error.ts'

/** No CID that can be verified is longer. Long texts take very long to decode. */
const MAX_CID_CHARACTERS = 512

/**
 * Calls `take` with the bytes of each CID in a dag-json block: `{"/": "bafy…"}`.
 *
 * @throws {DagError} for bytes that are no JSON
 * @see https://ipld.io/specs/codecs/dag-json/spec/
 */
export function jsonLinks(bytes: Uint8Array, take: (cidBytes: Uint8Array) => void): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
  // No recursion, neither in V8's parser nor here: a hostile block may be nested deeper than the call stack allows.
  const stack: unknown[] = [JSON.parse(text)]
  while (stack.length > 0) {
    const value = stack.pop()
    if (typeof value !== 'object' || value === null) continue
    const { '/': slash } = value as { '/'?: unknown }
    if (typeof slash === 'string') {
      if (slash.length > MAX_CID_CHARACTERS) throw new DagError('it has a CID that is too long')
      take(CID.parse(slash).bytes)
    } else if (!isBytes(slash)) {
      for (const child of Array.isArray(value) ? value : Object.values(value)) {
        if (typeof child === 'object') stack.push(child)
      }
    }
  }
}

/** True for `{"bytes": "…"}`, which stands for bytes below the key `/`. */
function isBytes(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'bytes' in value
}
