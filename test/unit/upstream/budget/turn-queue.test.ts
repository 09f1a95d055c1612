import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Turn, TurnQueue } from '../../../../src/upstream/budget/turn-queue.ts'

/** A queue of items that are named after their paths: `a1` is an item of the caller `a` and its operation `1`. */
class TestQueue {
  readonly queue = new TurnQueue<string>()
  readonly turns = new Map<string, Turn<string>[]>()

  add(...names: string[]): this {
    for (const name of names) {
      this.turns.set(name, [...(this.turns.get(name) ?? []), this.queue.append(name, [...name])])
    }
    return this
  }

  remove(name: string, isServed = false): void {
    const turn = this.turns.get(name)?.shift()
    if (turn) this.queue.remove(turn, { isServed })
  }

  serve(): string | undefined {
    const { first } = this.queue
    if (first !== undefined) this.remove(first, true)
    return first
  }

  serveAll(): string {
    const served: string[] = []
    for (let name = this.serve(); name; name = this.serve()) served.push(name)
    return served.join(' ')
  }
}

const NAME = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2', '3')).map((keys) => keys.join(''))

describe('TurnQueue', () => {
  it('takes turns between callers, and within a caller between its operations', () => {
    const test = new TestQueue().add('a1', 'a1', 'a1', 'a2', 'a2', 'b1', 'b1')
    expect(test.serveAll()).toBe('a1 b1 a2 b1 a1 a2 a1')
  })

  it('lets a caller that returns wait for all others', () => {
    const test = new TestQueue().add('a1', 'b1', 'b1', 'c1')
    expect(test.serve()).toBe('a1')
    expect(test.add('a1').serveAll()).toBe('b1 c1 a1 b1')
  })

  it('counts no turn for the items of a caller that has left', () => {
    const test = new TestQueue().add('a1', 'a2', 'b1')
    test.remove('a1')
    expect(test.serveAll()).toBe('a2 b1')
  })

  it('lets an item with two paths leave once, by the first path that has its turn', () => {
    const test = new TestQueue().add('a1', 'a1', 'a1', 'a2')
    const [shared] = test.turns.get('a2') ?? []
    if (shared) test.queue.join(shared, ['b', '1'])
    expect([test.queue.size, [...test.queue].length]).toEqual([4, 5])
    expect(test.serveAll()).toBe('a1 a2 a1 a1')
    expect([test.queue.size, test.queue.first]).toEqual([0, undefined])
  })

  it("lets at most the predicted number of items pass a new one, and one of each other caller pass a caller's only item", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(NAME, fc.boolean()), { maxLength: 60 }), NAME, (steps, name) => {
        const test = new TestQueue()
        for (const [each, isServed] of steps) {
          test.add(each)
          if (isServed) test.serve()
        }
        const waiting = [...test.queue]
        expect(waiting).toHaveLength(test.queue.size)
        const callers = new Set(waiting.map(([caller]) => caller))
        const ahead = test.queue.ahead([...name])
        const own = waiting.filter((each) => each === name).length
        test.add(name)
        const order = test.serveAll().split(' ')
        const index = order.flatMap((each, at) => (each === name ? [at] : []))[own] ?? -1
        expect(index).toBeLessThanOrEqual(ahead)
        if (!callers.has(name[0])) expect([index, ahead]).toEqual([callers.size, callers.size])
        expect([test.queue.size, test.queue.first, [...test.queue]]).toEqual([0, undefined, []])
      }),
    )
  })
})
