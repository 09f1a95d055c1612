import { isObjectType } from 'graphql'
import { expect, it } from 'vitest'
import { createSchema } from '../../src/schema/schema.ts'
import type { Capabilities } from '../../src/upstream/providers/capabilities.ts'

/** True for each capability that clients see. A new capability does not compile until this table has it. */
const IS_SHOWN = {
  maxCids: true,
  maxLimit: true,
  maxHeadBytes: false,
  order: true,
  createdDigits: true,
  timeDigits: false,
  timeFilter: true,
  honoursAfter: false,
  cidFilter: true,
  cidForm: false,
  nameFilter: false,
  statusFilter: true,
  multiStatus: false,
  metaFilter: true,
  keepsMeta: true,
  count: false,
  cappedCounts: false,
  emptyListIs404: false,
  replace: false,
  namesPinsByCid: false,
} satisfies Record<keyof Capabilities, boolean>

it('ServiceCapabilities has the provider, the lessons, and each capability that clients see', () => {
  const type = createSchema().getType('ServiceCapabilities')
  if (!isObjectType(type)) throw new Error(`Expected an object type, got ${type}`)
  const shown = Object.entries(IS_SHOWN).flatMap(([name, isShown]) => (isShown ? [name] : []))
  expect(Object.keys(type.getFields()).sort()).toEqual(['lessons', 'provider', ...shown].sort())
})
