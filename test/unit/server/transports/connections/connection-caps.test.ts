import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ConnectionCaps,
  type ConnectionTally,
} from '../../../../../src/server/transports/connections/connection-caps.ts'
import type { ConnectionLimits } from '../../../../../src/server/transports/connections/connection-limits.ts'

const NONE: ConnectionLimits = {
  maxConnections: 1e6,
  maxConnectionsPerCaller: 1e6,
  maxConnectionsPerAddress: 1e6,
  maxOperationsPerConnection: 1e6,
  maxOperationsPerCaller: 1e6,
  maxOperationsPerAddress: 1e6,
  maxStartsPerConnection: 1e6,
  maxStartsPerCaller: 1e6,
  maxStartsPerAddress: 1e6,
}

function openTally(caps: ConnectionCaps, address = '192.0.2.1', caller = 'alice'): ConnectionTally {
  const tally = caps.open(address)
  if (!tally?.enter(caller)) throw new Error('refused')
  return tally
}

describe('caps of live status', () => {
  it('count connections in all, by address and by caller', () => {
    const limits = { ...NONE, maxConnections: 3, maxConnectionsPerAddress: 2, maxConnectionsPerCaller: 1 }
    const caps = new ConnectionCaps(limits, () => 0)
    openTally(caps, 'a', 'alice')
    const second = caps.open('a')
    expect(second?.enter('alice')).toBe(false)
    expect(caps.open('a')).toBeNull()
    expect(caps.open('b')?.enter('bob')).toBe(true)
    expect(caps.open('c')).toBeNull()
    second?.close()
    expect(caps.open('c')).not.toBeNull()
  })

  it.each(['connection', 'caller', 'address'] as const)('count operations by %s', (scope) => {
    const key = `maxOperationsPer${scope[0]?.toUpperCase()}${scope.slice(1)}`
    const caps = new ConnectionCaps({ ...NONE, [key]: 2 }, () => 0)
    const first = openTally(caps, 'a', 'alice')
    const other = openTally(caps, scope === 'caller' ? 'b' : 'a', scope === 'address' ? 'bob' : 'alice')
    const exceeded = { scope, of: 'operations', limit: 2 }
    expect([first.begin(), other.begin()]).toEqual([null, null])
    expect(other.begin()).toEqual(scope === 'connection' ? null : exceeded)
    if (scope === 'connection') expect(other.begin()).toEqual(exceeded)
    other.end()
    expect(other.begin()).toBeNull()
  })

  it('let a burst of twice the starts per second through at once, and the average rate after that', () => {
    let now = 0
    const caps = new ConnectionCaps({ ...NONE, maxStartsPerConnection: 10 }, () => now)
    const tally = openTally(caps)
    const startMany = (count: number) =>
      Array.from({ length: count }, () => tally.begin()).filter((each) => !each).length
    expect(startMany(100)).toBe(20)
    now = 1_000
    expect(startMany(100)).toBe(10)
    now = 100_000
    expect(startMany(100)).toBe(20)
    expect(tally.begin()).toEqual({ scope: 'connection', of: 'starts', limit: 10 })
  })

  it('let no caller start more by reconnecting, and forget the caller once its burst is over', () => {
    let now = 0
    const caps = new ConnectionCaps({ ...NONE, maxStartsPerCaller: 10, maxStartsPerAddress: 10 }, () => now)
    let started = 0
    for (let n = 0; n < 100; n++) {
      const tally = openTally(caps, 'address', 'caller')
      if (tally.begin() === null) started++
      tally.close()
    }
    expect([started, caps.size]).toEqual([20, { connections: 0, callers: 1, addresses: 1 }])
    now = 2_000
    openTally(caps, 'other', 'other').close()
    expect(caps.size).toEqual({ connections: 0, callers: 0, addresses: 0 })
  })

  it('keep no memory of closed connections', () => {
    const action = fc.record({ address: fc.nat(2), caller: fc.nat(2), operations: fc.nat(5), ends: fc.nat(5) })
    fc.assert(
      fc.property(fc.array(action), (actions) => {
        let now = 0
        const limits = { ...NONE, maxOperationsPerCaller: 8, maxConnectionsPerCaller: 4, maxConnectionsPerAddress: 5 }
        const caps = new ConnectionCaps(limits, () => now)
        const tallies: ConnectionTally[] = []
        for (const { address, caller, operations, ends } of actions) {
          const tally = caps.open(String(address))
          if (!tally) continue
          tallies.push(tally)
          tally.enter(String(caller))
          const begun = Array.from({ length: operations }, () => tally.begin()).filter((each) => each === null).length
          for (let end = 0; end < Math.min(ends, begun); end++) tally.end()
        }
        for (const tally of tallies) {
          tally.close()
          tally.close()
          tally.end()
        }
        now = 2_000
        caps.open('another')?.close()
        expect(caps.size).toEqual({ connections: 0, callers: 0, addresses: 0 })
        const fresh = openTally(caps, '0', '0')
        expect(Array.from({ length: 9 }, () => fresh.begin()).filter((each) => each === null)).toHaveLength(8)
      }),
    )
  })
})
