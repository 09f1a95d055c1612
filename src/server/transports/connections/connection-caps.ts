/** How much live status anybody may use. Sockets and event streams count alike. */
export interface ConnectionLimits {
  readonly maxSockets: number
  readonly maxSocketsPerTenant: number
  readonly maxSocketsPerAddress: number
  readonly maxOperationsPerSocket: number
  readonly maxOperationsPerTenant: number
  readonly maxOperationsPerAddress: number
  /** Operations begun in a second, on average; twice as many at once. */
  readonly maxStartsPerSocket: number
  readonly maxStartsPerTenant: number
  readonly maxStartsPerAddress: number
}

/** Why an operation is not begun. */
export interface CapExceeded {
  readonly scope: 'socket' | 'tenant' | 'address'
  readonly limit: number
  /** `operations`: so many at a time; `starts`: so many a second. */
  readonly of: 'operations' | 'starts'
}

/** How many seconds' worth of starts may come at once. */
const BURST_MS = 2_000

/** What one socket, tenant or address uses. */
class Usage {
  /** Names the tenant or address. */
  readonly key: string
  sockets = 0
  operations = 0
  /** When all starts so far would be over, had they come evenly (GCRA). */
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

  /** Whether nothing is used, and nothing owed: then it may be forgotten. */
  isOver(now: number): boolean {
    return this.sockets === 0 && this.#evenAt <= now
  }
}

type Usages = Map<string, Usage>

/** Counts who uses how much, and says when it is too much. */
export class ConnectionCaps {
  readonly limits: ConnectionLimits
  readonly now: () => number
  readonly #tenants: Usages = new Map()
  readonly #addresses: Usages = new Map()
  /** Usages without a socket that still owe starts, so that nobody gets rid of these by coming back. */
  readonly #owing = new Map<Usage, Usages>()
  #sockets = 0

  constructor(limits: ConnectionLimits, now = () => performance.now()) {
    this.limits = limits
    this.now = now
  }

  /** How many connections are open, and how many tenants and addresses they are of. */
  get size(): { readonly sockets: number; readonly tenants: number; readonly addresses: number } {
    return { sockets: this.#sockets, tenants: this.#tenants.size, addresses: this.#addresses.size }
  }

  /** Counts a new connection; null when there are too many, in all or from its address. */
  open(address: string): SocketAccount | null {
    this.#forgetSettled()
    const usage = usageOf(this.#addresses, address)
    if (this.#sockets >= this.limits.maxSockets || usage.sockets >= this.limits.maxSocketsPerAddress) return null
    this.#sockets++
    this.#addresses.set(address, usage)
    usage.sockets++
    return new SocketAccount(this, usage)
  }

  /** Counts a connection no more: what an account does when it is closed. */
  closed(address: Usage, tenant: Usage | null): void {
    this.#sockets--
    this.#release(address, this.#addresses)
    if (tenant) this.#release(tenant, this.#tenants)
  }

  /** Counts a connection for its tenant; null when the tenant has too many. */
  enter(key: string): Usage | null {
    const usage = usageOf(this.#tenants, key)
    if (usage.sockets >= this.limits.maxSocketsPerTenant) return null
    usage.sockets++
    this.#tenants.set(key, usage)
    return usage
  }

  #release(usage: Usage, usages: Usages): void {
    usage.sockets--
    if (usage.isOver(this.now())) usages.delete(usage.key)
    else if (usage.sockets === 0) this.#owing.set(usage, usages)
  }

  /** What is owed is at most two seconds ahead, so there are never many. */
  #forgetSettled(): void {
    const now = this.now()
    for (const [usage, usages] of this.#owing) {
      if (usage.isOver(now)) usages.delete(usage.key)
      if (usage.sockets > 0 || usage.isOver(now)) this.#owing.delete(usage)
    }
  }
}

/** What one connection uses, on its own account and on those of its tenant and address. */
export class SocketAccount {
  readonly #caps: ConnectionCaps
  readonly #own = new Usage('')
  readonly #address: Usage
  #tenant: Usage | null = null
  #isClosed = false

  constructor(caps: ConnectionCaps, address: Usage) {
    this.#caps = caps
    this.#address = address
  }

  /** Says whose connection it is; false when that tenant has too many. */
  enter(key: string): boolean {
    this.#tenant = this.#caps.enter(key)
    return this.#tenant !== null
  }

  /** Counts an operation, or says which limit it would exceed; a refused one counts as a start all the same. */
  begin(): CapExceeded | null {
    const { limits } = this.#caps
    const now = this.#caps.now()
    const scopes = [
      ['socket', this.#own, limits.maxOperationsPerSocket, limits.maxStartsPerSocket],
      ['tenant', this.#tenant, limits.maxOperationsPerTenant, limits.maxStartsPerTenant],
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

  /** Takes an operation off the accounts. */
  end(): void {
    if (this.#isClosed) return
    this.#release(1)
  }

  /** Takes the connection and all its operations off the accounts. */
  close(): void {
    if (this.#isClosed) return
    this.#release(this.#own.operations)
    this.#isClosed = true
    this.#caps.closed(this.#address, this.#tenant)
  }

  #release(operations: number): void {
    for (const usage of [this.#own, this.#tenant, this.#address]) if (usage) usage.operations -= operations
  }
}

function usageOf(usages: Usages, key: string): Usage {
  return usages.get(key) ?? new Usage(key)
}
