import { expect, it } from 'vitest'
import { FieldTurns } from '../../../../../src/server/graphql/limits/field-turns.ts'

/** Uses up a turn of the event loop, so that whoever asks next has to wait. */
async function takeTurn(turns: FieldTurns): Promise<void> {
  await turns.next({}, 250_000, 250_000)
}

it('a small operation never waits', async () => {
  const turns = new FieldTurns()
  await takeTurn(turns)
  for (let n = 0; n < 100; n++) expect(turns.next({}, 999, 999)).toBeUndefined()
})

it('large operations go on one at a time, the smallest first, and each until nothing of it waits', async () => {
  const turns = new FieldTurns()
  await takeTurn(turns)
  const [huge, large, medium] = [{}, {}, {}]
  const order: string[] = []
  const wait = async (name: string, context: object, fields: number): Promise<void> => {
    const turn = turns.next(context, fields, fields)
    expect(turn).toBeInstanceOf(Promise)
    await turn
    order.push(name)
  }
  const begun = wait('huge', huge, 200_000)
  const others = [
    wait('large', large, 20_000),
    wait('medium', medium, 3_000),
    wait('large again', large, 20_000),
    wait('medium again', medium, 3_000),
  ]
  await Promise.all([begun, ...others])
  expect(order).toEqual(['medium', 'medium again', 'large', 'large again', 'huge'])
})

it('an operation that is aborted waits no longer', async () => {
  const turns = new FieldTurns()
  await takeTurn(turns)
  const [first, aborted] = [{}, {}]
  let hasFirst = false
  const turn = turns.next(first, 2_000, 2_000)?.then(() => {
    hasFirst = true
  })
  const released = turns.next(aborted, 200_000, 200_000)
  turns.release(aborted)
  await released
  expect(hasFirst).toBe(false)
  await turn
  expect(hasFirst).toBe(true)
})
