import { describe } from 'vitest'
import { pinningServiceContract } from './pinning-service.contract.ts'
import { ZOO_CASES } from './zoo-cases.ts'

describe.each(ZOO_CASES)('$profile.name as $as', (zooCase) => pinningServiceContract(zooCase))
