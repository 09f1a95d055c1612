import { expect, it } from 'vitest'
import { PinRoom } from '../../../../../src/domain/pin-room.ts'
import { CollectedPins } from '../../../../../src/upstream/reading/whole/collected-pins.ts'
import { examplePin } from '../../../../support/upstream/lookup-harness.ts'

const page = (from: number, count: number) => ({
  count: null,
  pins: Array.from({ length: count }, (_, index) => examplePin(from + index)),
})

it('keeps a pin once for each state in which it was listed', () => {
  using found = new CollectedPins({ service: 'one', room: new PinRoom() })
  const queued = { ...examplePin(1), status: 'queued' as const }
  found.add({ count: null, pins: [queued, examplePin(2)] })
  found.add({ count: null, pins: [examplePin(1), examplePin(2)] })
  found.add({ count: null, pins: [examplePin(1)] })

  expect(found.pins).toEqual([queued, examplePin(2), examplePin(1)])
})

it('ends a read that would fill the memory, and gives its room back', () => {
  const room = new PinRoom(1_000_000)
  const readOn = (): void => {
    using found = new CollectedPins({ service: 'one', room })
    for (let from = 0; ; from += 100) found.add(page(from, 100))
  }

  expect(readOn).toThrow(/^one lists more than the gateway has memory for: it stopped at \d{3,4} pins$/)
  expect(room.bytes).toBe(0)
})

it('ends a read of lists that show the same pins again and again', () => {
  using found = new CollectedPins({ service: 'one', room: new PinRoom() })
  for (let list = 0; list < 1_000; list++) found.add(page(list % 10, 10))
  found.add(page(1_000, 1))
  for (let list = 0; list < 1_000; list++) found.add(page(list % 10, 10))

  expect(() => found.add(page(0, 10))).toThrow('one lists the same 20 pins again and again, whatever it is asked for')
})

it('ends a read of endless records that are no valid pins', () => {
  using found = new CollectedPins({ service: 'one', room: new PinRoom() })
  const reason = 'pin.cid: expected a CID'
  const readOn = (): void => {
    for (let list = 0; list < 10_000; list++) {
      const leftOut = [{ key: `${list}`.padEnd(1_000_000), cidKey: null, reason }]
      found.add({ count: null, pins: [examplePin(list)], leftOut })
    }
  }

  expect(readOn).toThrow('one lists more than the gateway has memory for: it stopped at 68 pins')
})
