import { expect, it } from 'vitest'
import { parseInstant } from '../../../../../src/domain/instant.ts'
import { PIN_STATUSES } from '../../../../../src/domain/pin.ts'
import { PinRoom } from '../../../../../src/domain/pin-room.ts'
import { LearnedCapabilities } from '../../../../../src/upstream/learning/learned-capabilities.ts'
import { ListProofs } from '../../../../../src/upstream/learning/list-proofs.ts'
import { SPECIFIED_CAPABILITIES } from '../../../../../src/upstream/providers/capabilities.ts'
import type { PinSource } from '../../../../../src/upstream/reading/pin-source.ts'
import { PageStart } from '../../../../../src/upstream/reading/streams/page-start.ts'
import { examplePin } from '../../../../support/upstream/lookup-harness.ts'

it('asks again where the service has rounded a time, also when another list has shown that since it was sent', () => {
  const known = new LearnedCapabilities({ ...SPECIFIED_CAPABILITIES, createdDigits: 3 })
  const source: PinSource = {
    service: 'test',
    get capabilities() {
      return known.current
    },
    known,
    room: new PinRoom(),
    proofs: new ListProofs(known),
    splitQuery: (query) => [query],
    listPins: () => Promise.reject(new Error('not used here')),
  }
  const start = new PageStart(source, null, false)
  start.moveTo({ ...examplePin(1), created: parseInstant('2026-01-01T00:00:05.500Z') })
  const before = start.before(undefined)
  expect(before).toBe('2026-01-01T00:00:05.501Z')
  const older = { ...examplePin(2), created: parseInstant('2026-01-01T00:00:04Z') }
  // The answer lacks the pin at 5.5 s, since the service has read 5 s.
  known.observeRoundedTime()
  const sent = { statuses: PIN_STATUSES, limit: 10, before }
  expect(start.lacksWitness(sent, { count: null, pins: [older] })).toBe(true)
  expect(start.before(undefined)).toBe('2026-01-01T00:00:06Z')
})
