import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FairQueue, Lane } from '../../../../src/upstream/budget/fair-queue.ts'
import { ENDPOINTS, type Endpoint } from '../../../../src/upstream/budget/rate-limit.ts'
import type { Turn } from '../../../../src/upstream/budget/turn-queue.ts'

interface Item {
  readonly name: string
  turn?: Turn<Item>
}

/** A queue with a lane for each name, holding that many items: `a0`, `a1` … */
class TestQueue {
  readonly queue = new FairQueue<Item, string>()
  readonly lanes: Lane<Item, string>[] = []

  lane(owner: string, items: number, endpoint: Endpoint = 'list', sharedTurn?: string): Lane<Item, string> {
    const lane = new Lane<Item, string>(owner, endpoint, sharedTurn)
    this.lanes.push(lane)
    for (let i = 0; i < items; i++) this.push(lane, `${owner}${i}`)
    return lane
  }

  push(lane: Lane<Item, string>, name: string): Item {
    const item: Item = { name }
    item.turn = this.queue.push(lane, item, [])
    return item
  }

  remove(lane: Lane<Item, string>, item: Item | undefined): void {
    if (item?.turn) this.queue.remove(lane, item.turn, { isServed: false })
  }

  serve(isOpen: (endpoint: Endpoint) => boolean = () => true): string | undefined {
    const lane = this.queue.next(isOpen)
    const item = lane?.items.first
    if (!lane || !item) return undefined
    this.queue.endTurn(lane)
    this.remove(lane, item)
    return item.name
  }

  serveAll(): string[] {
    const served: string[] = []
    for (let name = this.serve(); name; name = this.serve()) served.push(name)
    return served
  }
}

describe('FairQueue', () => {
  it('gives each lane one turn a round, however much the others have waiting', () => {
    const test = new TestQueue()
    test.lane('a', 4)
    test.lane('b', 2)
    test.lane('c', 1)
    expect(test.serveAll()).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'a2', 'a3'])
  })

  it('gives the last turn to a lane that returns', () => {
    const test = new TestQueue()
    const a = test.lane('a', 1)
    test.lane('b', 2)
    expect(test.serve()).toBe('a0')
    test.push(a, 'a1')
    expect(test.serveAll()).toEqual(['b0', 'a1', 'b1'])
  })

  it('keeps one order of turns over all endpoints, and skips closed endpoints', () => {
    const test = new TestQueue()
    test.lane('a', 2, 'list')
    test.lane('b', 2, 'item')
    test.lane('c', 2, 'list')
    const listsOnly = (endpoint: Endpoint) => endpoint === 'list'
    expect([test.serve(), test.serve(listsOnly), test.serve(listsOnly)]).toEqual(['a0', 'c0', 'a1'])
    expect(test.serveAll()).toEqual(['b0', 'c1', 'b1'])
  })

  it('lets a parked lane miss no turn', () => {
    const test = new TestQueue()
    const a = test.lane('a', 2)
    test.lane('b', 2)
    test.queue.park(a)
    expect(test.serve()).toBe('b0')
    test.queue.resume(a)
    expect(test.serveAll()).toEqual(['a0', 'b1', 'a1'])
  })

  it('gives lanes that share a turn one turn a round, which they take in turns', () => {
    const test = new TestQueue()
    for (const owner of ['x', 'y', 'z']) test.lane(owner, 2, 'list', 'shared')
    test.lane('a', 5)
    expect(test.serveAll()).toEqual(['x0', 'a0', 'y0', 'a1', 'z0', 'a2', 'x1', 'a3', 'y1', 'a4', 'z1'])
  })

  it('skips a parked lane among those that share its turn', () => {
    const test = new TestQueue()
    const [x] = ['x', 'y'].map((owner) => test.lane(owner, 2, 'list', 'shared'))
    test.lane('a', 2)
    if (x) test.queue.park(x)
    expect([test.serve(), test.serve()]).toEqual(['y0', 'a0'])
    if (x) test.queue.resume(x)
    expect(test.serveAll()).toEqual(['x0', 'a1', 'y1', 'x1'])
  })

  it('gives a lane that ends sharing a turn of its own, with its items', () => {
    const test = new TestQueue()
    const [x] = ['x', 'y', 'z'].map((owner) => test.lane(owner, 3, 'list', 'shared'))
    if (x) test.queue.endSharing(x)
    expect(test.serveAll()).toEqual(['y0', 'x0', 'z0', 'x1', 'y1', 'x2', 'z1', 'y2', 'z2'])
  })

  it('never lets two lanes that always want a turn drift more than one turn apart', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...ENDPOINTS), { minLength: 2, maxLength: 12 }), (endpoints) => {
        const test = new TestQueue()
        endpoints.forEach((endpoint, i) => {
          test.lane(`${i}-`, 100, endpoint)
        })
        const turns = endpoints.map(() => 0)
        for (let i = 0; i < 100; i++) {
          const owner = Number.parseInt(test.serve() ?? '', 10)
          turns[owner] = (turns[owner] ?? 0) + 1
          expect(Math.max(...turns) - Math.min(...turns)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  it('counts its items correctly and ends empty, however lanes come, leave, park and resume', () => {
    const step = fc.record({
      what: fc.constantFrom('push', 'push', 'remove', 'serve', 'park', 'resume', 'end sharing'),
      lane: fc.nat(11),
      item: fc.nat(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const test = new TestQueue()
        for (const sharedTurn of [undefined, undefined, 'shared', 'shared'])
          for (const endpoint of ENDPOINTS) test.lane('', 0, endpoint, sharedTurn)
        let waiting = 0
        for (const { what, lane: index, item } of steps) {
          const lane = test.lanes[index]
          if (!lane) throw new Error('no lane')
          if (what === 'push') test.push(lane, `${waiting}`)
          if (what === 'remove') test.remove(lane, [...lane.items][item % Math.max(1, lane.items.size)])
          if (what === 'serve') test.serve()
          if (what === 'park') test.queue.park(lane)
          if (what === 'resume') test.queue.resume(lane)
          if (what === 'end sharing') test.queue.endSharing(lane)
          for (const endpoint of ENDPOINTS) {
            const ring = test.lanes.filter((each) => each.endpoint === endpoint && each.place)
            const items = ring.map((each) => each.items.size)
            expect(items).not.toContain(0)
            const sharers = ring.filter(({ sharedTurn }) => sharedTurn !== undefined)
            const lanes = ring.length - Math.max(0, sharers.length - 1)
            expect(test.queue.load(endpoint)).toEqual({ lanes, items: items.reduce((a, b) => a + b, 0) })
            const ofSharers = sharers.reduce((sum, each) => sum + each.items.size, 0)
            expect(test.queue.loadOfShared(endpoint, 'shared')).toEqual({ lanes: sharers.length, items: ofSharers })
          }
          waiting = test.lanes.reduce((total, each) => total + each.items.size, 0)
        }
        for (const lane of test.lanes) test.queue.resume(lane)
        expect(test.serveAll()).toHaveLength(waiting)
      }),
    )
  })
})
