import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Slots } from '../../../../src/embedded/fetch/slots.ts'
import { deferred } from '../../../support/deferred.ts'

it('runs as many works as there are slots, and the others in order, without those that gave up', async () => {
  const slots = new Slots(2)
  const { signal } = new AbortController()
  const leaving = new AbortController()
  const gates = Array.from({ length: 4 }, () => deferred<void>())
  const begun: number[] = []
  const use = (i: number, options = { signal }) =>
    slots.use(async () => {
      begun.push(i)
      await gates[i]?.promise
    }, options)
  const works = [use(0), use(1), use(2, { signal: leaving.signal }), use(3)]
  await setImmediate()
  expect(begun).toEqual([0, 1])
  leaving.abort(new Error('gone'))
  await expect(works[2]).rejects.toThrow('gone')
  gates[0]?.resolve()
  await works[0]
  await setImmediate()
  expect(begun).toEqual([0, 1, 3])
  for (const gate of gates) gate.resolve()
  await Promise.all([works[1], works[3]])
  await slots.use(async () => {}, { signal })
})
