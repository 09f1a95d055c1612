import { describe, expect, it } from 'vitest'
import { Standings } from '../../../../src/upstream/budget/standings.ts'

describe('Standings', () => {
  it('lets unproven tokens of a network share a turn, until each is accepted', () => {
    const standings = new Standings()
    for (const key of ['one:a', 'one:b']) standings.cameFrom(key, '203.0.113.9')
    standings.cameFrom('one:c', '198.51.100.1')
    const shared = standings.sharedTurnOf('one:a')
    expect(shared).toBeDefined()
    expect(standings.sharedTurnOf('one:b')).toBe(shared)
    expect(standings.sharedTurnOf('one:c')).not.toBe(shared)
    expect([standings.accept('one:a'), standings.accept('one:a')]).toEqual([true, false])
    expect(['one:a', 'one:b'].map(standings.sharedTurnOf)).toEqual([undefined, shared])
  })

  it('takes all of which nobody knows the network for those of one', () => {
    const standings = new Standings()
    standings.cameFrom('one:b', '')
    expect(standings.sharedTurnOf('one:a')).toBe(standings.sharedTurnOf('one:b'))
    standings.cameFrom('one:b', '198.51.100.1')
    expect(standings.sharedTurnOf('one:a')).not.toBe(standings.sharedTurnOf('one:b'))
  })

  it('gives a token its turn in the budget that the service shares with others of its provider', () => {
    const standings = new Standings()
    standings.accept('one:hash')
    expect(standings.sharedTurnOf('hash')).toBe(undefined)
    // The other service has accepted nothing yet.
    expect(standings.isAccepted('two:hash')).toBe(false)
  })

  it('forgets the oldest tokens when there are too many', () => {
    const standings = new Standings()
    for (let n = 0; n <= 10_000; n++) standings.cameFrom(`one:${n}`, '203.0.113.9')
    expect(standings.sharedTurnOf('one:0')).toBe(standings.sharedTurnOf('one:unheard of'))
    expect(standings.sharedTurnOf('one:1')).not.toBe(standings.sharedTurnOf('one:0'))
    for (let n = 0; n <= 100_000; n++) standings.accept(`one:accepted ${n}`)
    expect(standings.isAccepted('one:accepted 0')).toBe(false)
    expect(standings.isAccepted('one:accepted 1')).toBe(true)
  })
})
