import { compliant } from './compliant.ts'
import { crust } from './crust.ts'
import { estuary } from './estuary.ts'
import { filebase } from './filebase.ts'
import { filecoinPin } from './filecoin-pin.ts'
import { fourEverland } from './four-everland.ts'
import { functionland } from './functionland.ts'
import { heliaServer } from './helia-server.ts'
import { ipfsCluster } from './ipfs-cluster.ts'
import { nftStorage } from './nft-storage.ts'
import { pinata, pinataOldestFirst } from './pinata.ts'
import type { ProviderProfile } from './provider-profile.ts'
import { quicknodeShapes } from './quicknode-shapes.ts'
import { rbDemo } from './rb-demo.ts'
import { web3Storage } from './web3-storage.ts'

/** The zoo: every service that the tests know how to imitate. */
export const allProviders: readonly ProviderProfile[] = [
  compliant,
  filebase,
  pinata,
  pinataOldestFirst,
  fourEverland,
  functionland,
  ipfsCluster,
  heliaServer,
  filecoinPin,
  crust,
  rbDemo,
  web3Storage,
  nftStorage,
  estuary,
  quicknodeShapes,
]
