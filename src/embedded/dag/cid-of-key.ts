import { base32 } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'

/** Returns the CID of version 1 for a `Cid.key`, which consists of codec and multihash. */
export function cidOfKey(key: string): CID {
  const [code = '', multihash = ''] = key.split(':')
  return CID.createV1(Number.parseInt(code, 36), Digest.decode(base32.baseDecode(multihash)))
}
