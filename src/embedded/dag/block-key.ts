/** A text that is equal for equal multihashes: what blocks are looked up by in memory. */
export function blockKey(multihash: Uint8Array): string {
  return Buffer.from(multihash.buffer, multihash.byteOffset, multihash.length).toString('latin1')
}
