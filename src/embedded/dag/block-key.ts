/** Returns a text that is equal for equal multihashes, as a key for maps and sets. */
export function blockKey(multihash: Uint8Array): string {
  return Buffer.from(multihash.buffer, multihash.byteOffset, multihash.length).toString('latin1')
}
