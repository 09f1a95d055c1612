import { describe, expect, it } from 'vitest'
import type { LiveEvent } from '../../../../src/live/live-event.ts'
import { mapConcurrently } from '../../../../src/resolvers/map-concurrently.ts'
import { Cohort } from '../../../../src/server/graphql/cohort.ts'
import { Cohorts } from '../../../../src/server/graphql/cohorts.ts'
import type { Subscriber } from '../../../../src/server/graphql/message.ts'
import { giveWay, giveWayIfMany } from '../../../../src/upstream/waiting/give-way.ts'

const ITEMS = 300

let worked = 0

/** Takes a millisecond of the processor. */
function work(): void {
  worked++
  const end = performance.now() + 1
  while (performance.now() < end);
}

/** Returns the most items on which was worked in one turn of the event loop, while something ran. */
async function mostInOneTurn(run: () => Promise<unknown>): Promise<number> {
  let most = 0
  let isOver = false
  worked = 0
  const beat = (): void => {
    most = Math.max(most, worked)
    worked = 0
    if (!isOver) setImmediate(beat)
  }
  setImmediate(beat)
  await run()
  isOver = true
  beat()
  return most
}

const event = { kind: 'SNAPSHOT', service: 'a', seq: 1 } as unknown as LiveEvent

/** A source whose events are all ready at once. */
function readySource(events: number) {
  let left = events
  return {
    next: async () => (left-- > 0 ? { done: false as const, value: event } : { done: true as const, value: undefined }),
    return: async () => {},
    begun: Promise.resolve(),
    isCaughtUp: false,
    position: new Map(),
    parts: 1,
  }
}

function feed() {
  return {
    source: readySource(ITEMS),
    async render() {
      work()
      return { payload: Buffer.alloc(0), key: null, cursor: null }
    },
  }
}

function subscriber(onEnd: () => void): Subscriber {
  return { next: () => {}, ready: async () => {}, complete: onEnd, fail: onEnd }
}

// Ten items take 10 ms, and each of ten loops may be at work on one more.
const MOST = 25

describe('a loop over items that are all ready gives way', () => {
  it('when changes are made one after another', async () => {
    const items = Array.from({ length: ITEMS }, (_, n) => n)
    expect(await mostInOneTurn(() => mapConcurrently(items, 8, async () => work()))).toBeLessThan(MOST)
  })

  it('when subscribers get their snapshots, also ten at a time', async () => {
    const serve = () =>
      new Promise<void>((resolve) => {
        new Cohorts().join('key', feed(), subscriber(resolve))
      })
    expect(await mostInOneTurn(() => Promise.all(Array.from({ length: 10 }, serve)))).toBeLessThan(MOST)
  })

  it('when hundreds ask at the same time, before they work', async () => {
    const piece = async () => {
      await giveWay(1)
      work()
    }
    expect(await mostInOneTurn(() => Promise.all(Array.from({ length: ITEMS }, piece)))).toBeLessThan(MOST)
  })

  it('when hundreds of short works come in one round, each with a callback of its own', async () => {
    const piece = async () => {
      await new Promise((resolve) => setImmediate(resolve))
      await giveWayIfMany(1)
      work()
    }
    expect(await mostInOneTurn(() => Promise.all(Array.from({ length: ITEMS }, piece)))).toBeLessThan(MOST)
  })

  it('when a cohort hands out events', async () => {
    const { source, render } = feed()
    const cohort = new Cohort({ source, render }, () => {})
    cohort.add(
      subscriber(() => {}),
      null,
    )
    expect(await mostInOneTurn(() => cohort.run(source.next()))).toBeLessThan(MOST)
  })

  // Node accepts one new connection each time that the event loop goes round.
  it('for several rounds of the event loop', async () => {
    let rounds = 0
    const works: number[] = []
    const count = (): void => {
      rounds++
      if (works.length < 5) setImmediate(count)
    }
    setImmediate(count)
    const piece = async () => {
      await giveWay(10)
      works.push(rounds)
      for (let n = 0; n < 12; n++) work()
    }
    await Promise.all(Array.from({ length: 5 }, piece))

    const between = works.slice(1).map((round, index) => round - (works[index] as number))
    expect(Math.min(...between)).toBeGreaterThan(3)
  })
})

it('a short work that comes alone does not wait behind long ones', async () => {
  const long = Array.from({ length: 5 }, () => giveWay(20))
  expect(long.at(-1)).toBeInstanceOf(Promise)
  expect(giveWayIfMany(1)).toBeUndefined()
  await Promise.all(long)
})
