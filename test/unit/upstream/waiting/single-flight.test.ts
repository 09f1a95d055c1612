import { describe, expect, it, onTestFinished } from 'vitest'
import { SingleFlight } from '../../../../src/upstream/waiting/single-flight.ts'
import { Stop, type StopSignal } from '../../../../src/upstream/waiting/stop.ts'
import { deferred } from '../../../support/deferred.ts'

/** Calls that the test answers, each with the signal that it was started with. */
function scripted() {
  const calls: { answer: ReturnType<typeof deferred<string>>; signal: StopSignal }[] = []
  const start = (signal: StopSignal): Promise<string> => {
    const answer = deferred<string>()
    calls.push({ answer, signal })
    return answer.promise
  }
  return { calls, start }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('SingleFlight', () => {
  it('makes one call for all waiters while it is in flight, and a new one afterwards', async () => {
    const flights = new SingleFlight()
    const { calls, start } = scripted()
    const answers = Array.from({ length: 10_000 }, () => flights.share('key', start))
    calls[0]?.answer.resolve('one')
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['one']))
    expect([calls.length, flights.size]).toEqual([1, 0])

    const later = flights.share('key', start)
    calls[1]?.answer.resolve('two')
    expect([await later, calls.length]).toEqual(['two', 2])
  })

  it('ends when the first operation ends that waits for it', async () => {
    const flights = new SingleFlight()
    const { calls, start } = scripted()
    const first = new Stop({ since: 1, endsAt: 10 })
    const answers = [first, new Stop(), new Stop({ since: 2, endsAt: 20 })].map((signal) =>
      flights.share('key', start, { signal }),
    )
    const { signal } = calls[0] as { signal: StopSignal }
    expect([signal.since, signal.endsAt]).toEqual([1, 10])
    first.abort()
    expect(signal.endsAt).toBe(20)
    calls[0]?.answer.resolve('one')
    expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
    ])
  })

  it('keeps different keys apart', async () => {
    const flights = new SingleFlight()
    const { calls, start } = scripted()
    const answers = ['a', 'b'].map((key) => flights.share(key, start))
    calls.forEach(({ answer }, index) => {
      answer.resolve(`answer ${index}`)
    })
    expect(await Promise.all(answers)).toEqual(['answer 0', 'answer 1'])
  })

  it('lets one waiter go with its own reason and answers the others', async () => {
    const flights = new SingleFlight()
    const { calls, start } = scripted()
    const leaver = new AbortController()
    const left = flights.share('key', start, { signal: leaver.signal })
    const stayed = flights.share('key', start, { signal: new AbortController().signal })
    leaver.abort(new Error('went away'))
    await expect(left).rejects.toThrow('went away')
    expect(calls[0]?.signal.aborted).toBe(false)
    calls[0]?.answer.resolve('answer')
    expect(await stayed).toBe('answer')
  })

  it('stops the call when the last waiter leaves, and starts another for the next waiter', async () => {
    const flights = new SingleFlight()
    const { calls, start } = scripted()
    const leavers = [new AbortController(), new AbortController()]
    const left = leavers.map(({ signal }) => flights.share('key', start, { signal }))
    for (const leaver of leavers) leaver.abort(new Error('went away'))
    expect((await Promise.allSettled(left)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect([calls[0]?.signal.aborted, flights.size]).toEqual([true, 0])

    const next = flights.share('key', start)
    calls[1]?.answer.resolve('answer')
    expect(await next).toBe('answer')
  })

  it('does not abort a call that is over', async () => {
    const flights = new SingleFlight()
    const { calls, start } = scripted()
    const answer = flights.share('key', start, { signal: new AbortController().signal })
    calls[0]?.answer.resolve('answer')
    await answer
    await settled()
    expect(calls[0]?.signal.aborted).toBe(false)
  })

  it('starts nothing for a waiter that has gone already', async () => {
    const { calls, start } = scripted()
    const gone = AbortSignal.abort(new Error('went away'))
    await expect(new SingleFlight().share('key', start, { signal: gone })).rejects.toThrow('went away')
    expect(calls).toEqual([])
  })

  it('rejects for every waiter on a failure, and leaves no rejection unhandled when all have left', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    onTestFinished(() => void process.off('unhandledRejection', note))
    const flights = new SingleFlight()
    const { calls, start } = scripted()
    const both = [flights.share('key', start), flights.share('key', start)]
    calls[0]?.answer.reject(new Error('failed'))
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])

    const leaver = new AbortController()
    const left = flights.share('key', start, { signal: leaver.signal })
    leaver.abort(new Error('went away'))
    await expect(left).rejects.toThrow('went away')
    calls[1]?.answer.reject(new Error('failed later'))
    await settled()
    expect(unhandled).toEqual([])
  })

  it('reports the number of waiters to the starter of the call, before any of them gets the value', async () => {
    const flights = new SingleFlight()
    const { calls, start } = scripted()
    const told: string[] = []
    const options = { onShared: (value: string, waiting: number) => void told.push(`${value} for ${waiting}`) }
    const leaver = new AbortController()
    const left = flights.share('key', start, { signal: leaver.signal }).catch(() => {})
    const answers = Array.from({ length: 3 }, async () => {
      await flights.share('key', start, options)
      told.push('got it')
    })
    leaver.abort()
    // Only of whoever starts a call.
    calls[0]?.answer.resolve('one')
    await Promise.all([left, ...answers])
    expect(told.splice(0)).toEqual(['got it', 'got it', 'got it'])

    const more = Array.from({ length: 3 }, async () => {
      await flights.share('key', start, options)
      told.push('got it')
    })
    calls[1]?.answer.resolve('two')
    await Promise.all(more)
    expect(told).toEqual(['two for 3', 'got it', 'got it', 'got it'])
  })

  it('leaves no listener on a signal that waited for a thousand calls, and warns of none', async () => {
    const warnings: Error[] = []
    const note = (warning: Error) => void warnings.push(warning)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const flights = new SingleFlight()
    const { calls, start } = scripted()
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--
      remove(...args)
    }
    const answers = Array.from({ length: 1000 }, (_, index) => flights.share(`key ${index}`, start, { signal }))
    expect(listeners).toBe(1000)
    for (const { answer } of calls) answer.resolve('answer')
    await Promise.all(answers)
    await settled()
    expect([listeners, warnings]).toEqual([0, []])
  })
})
