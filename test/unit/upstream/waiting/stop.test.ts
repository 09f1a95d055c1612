import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Stop, type StopSignal, unionOfOperationIds } from '../../../../src/upstream/waiting/stop.ts'

type Step = { readonly act: 'add' | 'remove' | 'abort'; readonly listener: number; readonly removes: number }

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom('add', 'add', 'remove', 'abort'),
  listener: fc.nat(4),
  removes: fc.nat(4),
})

/** Returns the called listeners in order, if each removes another one, and the final state of the signal. */
function follow(steps: readonly Step[], signal: StopSignal, abort: (reason: unknown) => void) {
  const called: number[] = []
  const removes = new Map<number, number>()
  const listeners = Array.from({ length: 5 }, (_, index) => () => {
    called.push(index)
    signal.removeEventListener('abort', listeners[removes.get(index) ?? index] as () => void)
  })
  for (const [index, { act, listener, removes: other }] of steps.entries()) {
    const each = listeners[listener] as () => void
    if (act === 'abort') abort(`reason ${index}`)
    else if (act === 'remove') signal.removeEventListener('abort', each)
    else {
      removes.set(listener, other)
      signal.addEventListener('abort', each, { once: true })
    }
  }
  return { called, aborted: signal.aborted, reason: signal.reason }
}

describe('Stop', () => {
  it('behaves like an AbortController, in whatever order listeners come and go', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const controller = new AbortController()
        const stop = new Stop()
        expect(follow(steps, stop, (reason) => stop.abort(reason))).toEqual(
          follow(steps, controller.signal, (reason) => controller.abort(reason)),
        )
      }),
    )
  })

  it('throws its reason once aborted, an AbortError where none was given', () => {
    const stop = new Stop()
    stop.throwIfAborted()
    stop.abort()
    expect(() => stop.throwIfAborted()).toThrow(expect.objectContaining({ name: 'AbortError' }))
  })
})

describe('the operation ids of a Stop', () => {
  it('are those of the operations that wait at the moment', () => {
    const waiting = { operationIds: ['r1', 'r2'] }
    const stop = new Stop(waiting)
    expect([new Stop().operationIds, stop.operationIds]).toEqual([[], ['r1', 'r2']])
    waiting.operationIds = []
    expect(stop.operationIds).toEqual([])
    const signal: StopSignal = new AbortController().signal
    expect(new Stop(signal).operationIds).toEqual([])
  })

  it('occur once each in a union', () => {
    const all: StopSignal[] = [
      new Stop({ operationIds: ['r1'] }),
      new AbortController().signal,
      new Stop({ operationIds: ['r2', 'r1'] }),
    ]
    expect(unionOfOperationIds(all)).toEqual(['r1', 'r2'])
  })
})

describe('a Stop that follows a signal', () => {
  it('is aborted with it, now or later, until it lets go', () => {
    const followed = [new Stop(), new Stop(), new Stop()] as const
    followed[0].abort('before')
    const stops = followed.map((signal) => {
      const stop = new Stop()
      return { stop, letGo: stop.follow(signal) }
    })
    stops[2]?.letGo()
    followed[1].abort('later')
    followed[2].abort('too late')
    expect(stops.map(({ stop }) => stop.reason)).toEqual(['before', 'later', undefined])
  })
})
