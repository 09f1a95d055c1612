import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ConnectionCaps,
  type ConnectionLimits,
  type SocketAccount,
} from '../../../../../src/server/transports/connections/connection-caps.ts'

const NONE: ConnectionLimits = {
  maxSockets: 1e6,
  maxSocketsPerTenant: 1e6,
  maxSocketsPerAddress: 1e6,
  maxOperationsPerSocket: 1e6,
  maxOperationsPerTenant: 1e6,
  maxOperationsPerAddress: 1e6,
  maxStartsPerSocket: 1e6,
  maxStartsPerTenant: 1e6,
  maxStartsPerAddress: 1e6,
}

function openAccount(caps: ConnectionCaps, address = '192.0.2.1', tenant = 'alice'): SocketAccount {
  const account = caps.open(address)
  if (!account?.enter(tenant)) throw new Error('refused')
  return account
}

describe('caps of live status', () => {
  it('count sockets in all, by address and by tenant', () => {
    const caps = new ConnectionCaps({ ...NONE, maxSockets: 3, maxSocketsPerAddress: 2, maxSocketsPerTenant: 1 })
    openAccount(caps, 'a', 'alice')
    const second = caps.open('a')
    expect(second?.enter('alice')).toBe(false)
    expect(caps.open('a')).toBeNull()
    expect(caps.open('b')?.enter('bob')).toBe(true)
    expect(caps.open('c')).toBeNull()
    second?.close()
    expect(caps.open('c')).not.toBeNull()
  })

  it.each(['socket', 'tenant', 'address'] as const)('count operations by %s', (scope) => {
    const key = `maxOperationsPer${scope[0]?.toUpperCase()}${scope.slice(1)}`
    const caps = new ConnectionCaps({ ...NONE, [key]: 2 })
    const first = openAccount(caps, 'a', 'alice')
    const other = openAccount(caps, scope === 'tenant' ? 'b' : 'a', scope === 'address' ? 'bob' : 'alice')
    const exceeded = { scope, of: 'operations', limit: 2 }
    expect([first.begin(), other.begin()]).toEqual([null, null])
    expect(other.begin()).toEqual(scope === 'socket' ? null : exceeded)
    if (scope === 'socket') expect(other.begin()).toEqual(exceeded)
    other.end()
    expect(other.begin()).toBeNull()
  })

  it('let twice a second of starts through at once, and the average after', () => {
    let now = 0
    const caps = new ConnectionCaps({ ...NONE, maxStartsPerSocket: 10 }, () => now)
    const account = openAccount(caps)
    const startMany = (count: number) =>
      Array.from({ length: count }, () => account.begin()).filter((each) => !each).length
    expect(startMany(100)).toBe(20)
    now = 1_000
    expect(startMany(100)).toBe(10)
    now = 100_000
    expect(startMany(100)).toBe(20)
    expect(account.begin()).toEqual({ scope: 'socket', of: 'starts', limit: 10 })
  })

  it('let nobody start more by leaving and coming back, and forget them once that is over', () => {
    let now = 0
    const caps = new ConnectionCaps({ ...NONE, maxStartsPerTenant: 10, maxStartsPerAddress: 10 }, () => now)
    let started = 0
    for (let n = 0; n < 100; n++) {
      const account = openAccount(caps, 'address', 'tenant')
      if (account.begin() === null) started++
      account.close()
    }
    expect([started, caps.size]).toEqual([20, { sockets: 0, tenants: 1, addresses: 1 }])
    now = 2_000
    openAccount(caps, 'other', 'other').close()
    expect(caps.size).toEqual({ sockets: 0, tenants: 0, addresses: 0 })
  })

  it('keep nothing of those who have gone', () => {
    const action = fc.record({ address: fc.nat(2), tenant: fc.nat(2), operations: fc.nat(5), ends: fc.nat(5) })
    fc.assert(
      fc.property(fc.array(action), (actions) => {
        let now = 0
        const limits = { ...NONE, maxOperationsPerTenant: 8, maxSocketsPerTenant: 4, maxSocketsPerAddress: 5 }
        const caps = new ConnectionCaps(limits, () => now)
        const accounts: SocketAccount[] = []
        for (const { address, tenant, operations, ends } of actions) {
          const account = caps.open(String(address))
          if (!account) continue
          accounts.push(account)
          account.enter(String(tenant))
          const begun = Array.from({ length: operations }, () => account.begin()).filter((each) => each === null).length
          for (let end = 0; end < Math.min(ends, begun); end++) account.end()
        }
        for (const account of accounts) {
          account.close()
          account.close()
          account.end()
        }
        now = 2_000
        caps.open('another')?.close()
        expect(caps.size).toEqual({ sockets: 0, tenants: 0, addresses: 0 })
        const fresh = openAccount(caps, '0', '0')
        expect(Array.from({ length: 9 }, () => fresh.begin()).filter((each) => each === null)).toHaveLength(8)
      }),
    )
  })
})
