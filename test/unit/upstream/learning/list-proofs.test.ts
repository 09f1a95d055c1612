import { expect, it } from 'vitest'
import { PIN_STATUSES } from '../../../../src/domain/pin.ts'
import { LearnedCapabilities } from '../../../../src/upstream/learning/learned-capabilities.ts'
import { ListProofs } from '../../../../src/upstream/learning/list-proofs.ts'
import { SPECIFIED_CAPABILITIES } from '../../../../src/upstream/providers/capabilities.ts'
import { examplePin } from '../../../support/upstream/lookup-harness.ts'

const LIST = { statuses: PIN_STATUSES, limit: 2 }
const pageOf = (pins: number, count: number) => ({ count, pins: Array.from({ length: pins }, (_, n) => examplePin(n)) })

it('a count that was larger than its page proves something, until a count is smaller than its page', () => {
  const proofs = new ListProofs(new LearnedCapabilities(SPECIFIED_CAPABILITIES))
  expect(proofs.countsBeyondPages(LIST, pageOf(1, 1))).toBe(false)
  proofs.observe(LIST, pageOf(2, 3))
  expect(proofs.countsBeyondPages(LIST, pageOf(1, 1))).toBe(true)
  proofs.observe(LIST, pageOf(2, 1))
  expect(proofs.countsBeyondPages(LIST, pageOf(1, 1))).toBe(false)
})
