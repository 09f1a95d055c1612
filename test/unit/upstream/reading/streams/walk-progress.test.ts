import { expect, it } from 'vitest'
import { WalkProgress } from '../../../../../src/upstream/reading/streams/walk-progress.ts'
import { examplePin } from '../../../../support/upstream/lookup-harness.ts'

it('ends a walk that stays where it is, and no walk that moves on', () => {
  const progress = new WalkProgress('one')
  for (let read = 0; read < 1_000; read++) progress.readsAt(examplePin(read))
  const pin = examplePin(1)
  for (let read = 0; read < 100; read++) progress.readsAt(pin)

  expect(() => progress.readsAt(pin)).toThrow('one was asked 100 times for the same part of a list')
})
