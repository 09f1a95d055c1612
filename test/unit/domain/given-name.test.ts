import { expect, it } from 'vitest'
import { parseCid } from '../../../src/domain/cid.ts'
import { givenNameOf } from '../../../src/domain/given-name.ts'

it('is null for a name that is the CID, in either version', () => {
  const cid = parseCid('QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn')
  const names = [cid.text, 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354', 'name', null]

  expect(names.map((name) => givenNameOf({ name, cid }))).toEqual([null, null, 'name', null])
})
