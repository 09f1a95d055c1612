import type { ConnectionLimits } from './connection-limits.ts'

/** The limit that an operation would exceed. */
export interface CapExceeded {
  readonly scope: 'connection' | 'caller' | 'address'
  readonly limit: number
  /** `operations` are counted at a time, `starts` per second. */
  readonly of: 'operations' | 'starts'
}

/** Starts may come at once if they do not exceed the average of so many milliseconds. */
const BURST_MS = 2_000

/** Counts of one connection, caller or address. */
class Usage {
  /** Names the caller or address. */
  readonly key: string
  connections = 0
  operations = 0
  /** The time at which all starts so far would be over if they had come evenly (GCRA). */
  #evenAt = 0

  constructor(key: string) {
    this.key = key
  }

  start(now: number, perSecond: number): boolean {
    const evenAt = Math.max(this.#evenAt, now) + 1000 / perSecond
    if (evenAt - now > BURST_MS) return false
    this.#evenAt = evenAt
    return true
  }

  /** True when nothing is in use and all starts are over. The counts may then be forgotten. */
  isOver(now: number): boolean {
    return this.connections === 0 && this.#evenAt <= now
  }
}

type Usages = Map<string, Usage>

/** Counts connections, operations and starts, and refuses those that would exceed a limit. */
export class ConnectionCaps {
  readonly limits: ConnectionLimits
  readonly now: () => number
  readonly #callers: Usages = new Map()
  readonly #addresses: Usages = new Map()
  /** Counts without a connection whose starts are not over. Kept, so that closing and connecting again resets nothing. */
  readonly #owing = new Map<Usage, Usages>()
  #connections = 0

  /** @param now milliseconds that never go back */
  constructor(limits: ConnectionLimits, now: () => number) {
    this.limits = limits
    this.now = now
  }

  /** Number of open connections, and of the callers and addresses that are counted. */
  get size(): { readonly connections: number; readonly callers: number; readonly addresses: number } {
    return { connections: this.#connections, callers: this.#callers.size, addresses: this.#addresses.size }
  }

  /** Counts a new connection. Returns null when there are too many, in all or from its address. */
  open(address: string): ConnectionTally | null {
    this.#forgetSettled()
    const usage = usageOf(this.#addresses, address)
    const { maxConnections, maxConnectionsPerAddress } = this.limits
    if (this.#connections >= maxConnections || usage.connections >= maxConnectionsPerAddress) return null
    this.#connections++
    this.#addresses.set(address, usage)
    usage.connections++
    return new ConnectionTally(this, usage)
  }

  /** Stops counting a connection. Called by its tally. */
  closed(address: Usage, caller: Usage | null): void {
    this.#connections--
    this.#release(address, this.#addresses)
    if (caller) this.#release(caller, this.#callers)
  }

  /** Counts a connection for its caller. Returns null when the caller has too many. */
  enter(callerKey: string): Usage | null {
    const usage = usageOf(this.#callers, callerKey)
    if (usage.connections >= this.limits.maxConnectionsPerCaller) return null
    usage.connections++
    this.#callers.set(callerKey, usage)
    return usage
  }

  #release(usage: Usage, usages: Usages): void {
    usage.connections--
    if (usage.isOver(this.now())) usages.delete(usage.key)
    else if (usage.connections === 0) this.#owing.set(usage, usages)
  }

  /** All starts of a usage are over after two seconds, so `#owing` stays small. */
  #forgetSettled(): void {
    const now = this.now()
    for (const [usage, usages] of this.#owing) {
      if (usage.isOver(now)) usages.delete(usage.key)
      if (usage.connections > 0 || usage.isOver(now)) this.#owing.delete(usage)
    }
  }
}

/** Counts what one connection uses: for itself, for its caller and for its address. */
export class ConnectionTally {
  readonly #caps: ConnectionCaps
  readonly #own = new Usage('')
  readonly #address: Usage
  #caller: Usage | null = null
  #isClosed = false

  constructor(caps: ConnectionCaps, address: Usage) {
    this.#caps = caps
    this.#address = address
  }

  /** The address for which the connection counts. */
  get address(): string {
    return this.#address.key
  }

  /** Names the caller of the connection. Returns false when that caller has too many. */
  enter(callerKey: string): boolean {
    this.#caller = this.#caps.enter(callerKey)
    return this.#caller !== null
  }

  /** Counts an operation, or returns the limit that it would exceed. A refused operation counts as a start as well. */
  begin(): CapExceeded | null {
    const { limits } = this.#caps
    const now = this.#caps.now()
    const scopes = [
      ['connection', this.#own, limits.maxOperationsPerConnection, limits.maxStartsPerConnection],
      ['caller', this.#caller, limits.maxOperationsPerCaller, limits.maxStartsPerCaller],
      ['address', this.#address, limits.maxOperationsPerAddress, limits.maxStartsPerAddress],
    ] as const
    for (const [scope, usage, maxOperations, maxStarts] of scopes) {
      if (!usage) continue
      if (!usage.start(now, maxStarts)) return { scope, of: 'starts', limit: maxStarts }
      if (usage.operations >= maxOperations) return { scope, of: 'operations', limit: maxOperations }
    }
    for (const [, usage] of scopes) if (usage) usage.operations++
    return null
  }

  /** Stops counting one operation, which has ended. */
  end(): void {
    if (this.#isClosed) return
    this.#release(1)
  }

  /** Stops counting the connection and all its operations. */
  close(): void {
    if (this.#isClosed) return
    this.#release(this.#own.operations)
    this.#isClosed = true
    this.#caps.closed(this.#address, this.#caller)
  }

  #release(operations: number): void {
    for (const usage of [this.#own, this.#caller, this.#address]) if (usage) usage.operations -= operations
  }
}

function usageOf(usages: Usages, key: string): Usage {
  return usages.get(key) ?? new Usage(key)
}
