import { RateLimitedError, ServiceUnavailableError, UnauthorizedError } from '../../src/domain/errors.ts'
import { isSettled, type Pin, type PinStatus } from '../../src/domain/pin.ts'
import type { Selection } from '../../src/live/selection.ts'
import { createPinFilter, type PinQuery } from '../../src/upstream/list-query.ts'
import { HistoryChecker } from './history-checker.ts'
import type { Fate } from './scripted-service.ts'
import { ids, query, type ScriptedLive, startScriptedLive } from './start-scripted-live.ts'

export interface HistoryRun {
  readonly transitions: number
  readonly events: number
  readonly connections: number
  readonly requests: number
  readonly violations: readonly string[]
}

export interface HistoryOptions {
  readonly seed: number
  /** How many states the pins take on, all together. */
  readonly transitions: number
  readonly isFaulty: boolean
  readonly subscribers?: number
}

const TOKENS = ['a', 'b', 'c']
const PINS_PER_TOKEN = 40
const SERVICE = 'scripted'

/**
 * Lets pins live and subscribers come, go, stall and come back, for so many changes, and checks what each was told.
 *
 * Changes come from elsewhere and through pinql. With faults, requests are looked at late, their answers come later and
 * in any order, are lost, or are 429, 401 or 5xx.
 */
export async function runLiveHistory(options: HistoryOptions): Promise<HistoryRun> {
  const { seed, transitions, isFaulty, subscribers = 9 } = options
  const random = seededRandom(seed)
  await using scripted = startScriptedLive({ random })
  const { clock, upstream } = scripted
  upstream.isLogging = false
  // One stays for ever, so that no snapshot of everything is empty: of an empty one, nothing could be told.
  for (const token of TOKENS) {
    upstream.add(token, { status: 'pinned', name: 'even' })
    upstream.add(token, { status: 'pinned', name: 'odd' })
    for (let n = 0; n < PINS_PER_TOKEN; n++) upstream.add(token, { name: n % 2 ? 'odd' : 'even' })
  }
  if (isFaulty) upstream.fate = () => fateOf(random)

  const clients = Array.from({ length: subscribers }, (_, index) => {
    return new Client(`client ${index} of seed ${seed}`, scripted, TOKENS[index % TOKENS.length] as string, random)
  })
  let done = 0
  upstream.onState = () => void done++
  while (done < transitions) {
    for (let n = Math.floor(random() * 30); n > 0; n--) {
      move(scripted, TOKENS[Math.floor(random() * TOKENS.length)] as string, random)
    }
    for (const client of clients) if (random() < 0.02) client.meddle()
    await clock.advance(random() * 400)
  }
  upstream.fate = undefined
  for (const client of clients) client.calm()
  // Failures may have led to waits of 30 s, and settled pins are looked over once a minute and list.
  await clock.advance(900_000)
  for (const client of clients) client.checkAtRest()
  const result = {
    transitions: done,
    events: sum(clients.map(({ checker }) => checker.events)),
    connections: sum(clients.map(({ connections }) => connections)),
    requests: upstream.requestCount,
    violations: clients.flatMap(({ checker }) => checker.violations),
  }
  await Promise.all(clients.map((client) => client.close()))
  await clock.advance(120_000)
  const left = scripted.live.size
  return left === 0 ? result : { ...result, violations: [...result.violations, `${left} pollers left`] }
}

/** One subscriber, who comes back again and again. */
class Client {
  readonly checker: HistoryChecker
  connections = 0
  readonly #scripted: ScriptedLive
  readonly #token: string
  readonly #random: () => number
  #selection: Selection = query()
  #reader: ReturnType<ScriptedLive['watch']> | null = null
  #stalledUntil = 0

  constructor(name: string, scripted: ScriptedLive, token: string, random: () => number) {
    this.checker = new HistoryChecker(name)
    this.#scripted = scripted
    this.#token = token
    this.#random = random
    this.#connect(false)
  }

  /** Leaves, comes back, or stops reading for a while. */
  meddle(): void {
    const chance = this.#random()
    if (chance < 0.3) this.#stalledUntil = this.#scripted.clock.now() + this.#random() * 40_000
    else if (chance < 0.6) this.#connect(this.checker.cursor !== null)
    else if (chance < 0.9) this.#connect(false)
    else void this.close()
  }

  calm(): void {
    this.#stalledUntil = 0
    if (!this.#reader) this.#connect(false)
  }

  async close(): Promise<void> {
    const reader = this.#reader
    this.#reader = null
    await reader?.return()
  }

  checkAtRest(): void {
    if (!this.#reader) return
    const selection = this.#selection
    const isWanted =
      selection.kind === 'ids' ? (pin: Pin) => selection.refs.has(pin.requestId) : createPinFilter(selection.query)
    this.checker.atRest(this.#scripted.upstream.pins(this.#token), isWanted)
  }

  #connect(isResumed: boolean): void {
    void this.close()
    if (!isResumed) this.#selection = this.#choose()
    this.checker.connected(isResumed)
    this.connections++
    const reader = this.#scripted.watch(this.#token, this.#selection, this.checker.cursor)
    this.#reader = reader
    void this.#read(reader)
  }

  async #read(reader: ReturnType<ScriptedLive['watch']>): Promise<void> {
    const { clock, upstream } = this.#scripted
    const isOver = (): boolean => this.#reader !== reader
    try {
      for (;;) {
        if (this.#stalledUntil > clock.now()) await clock.sleep(this.#stalledUntil - clock.now())
        const next = await reader.next()
        if (isOver()) return
        if (next.done) break
        this.checker.saw(next.value, upstream.pins(this.#token))
      }
      if (this.#selection.kind === 'ids') {
        this.checker.settled(this.#selection.refs.keys())
      }
      this.#reader = null
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error
      this.#reader = null
    }
  }

  #choose(): Selection {
    const chance = this.#random()
    const pins = [...this.#scripted.upstream.pins(this.#token).values()]
    if (chance < 0.3) return query()
    if (chance < 0.5) return query({ name: 'odd', statuses: ['pinned', 'failed'] } satisfies Partial<PinQuery>)
    if (chance < 0.6) return query({ name: 'even' })
    const some = pins.filter(() => this.#random() < 0.3)
    return ids(some.length > 0 ? some : pins.slice(0, 1), chance < 0.8)
  }
}

/** One pin takes one step, comes, goes, or is changed through pinql. */
function move({ upstream, tenant, clock: _ }: ScriptedLive, token: string, random: () => number): void {
  const pins = [...upstream.pins(token).values()].slice(2)
  const pin = pins[Math.floor(random() * pins.length)]
  const chance = random()
  if (!pin || (pins.length < PINS_PER_TOKEN && chance < 0.3)) {
    upstream.add(token, { name: random() < 0.5 ? 'odd' : 'even' })
  } else if (chance < 0.02) {
    const newPin = { cid: pin.cid, name: 'odd', origins: [], meta: {} }
    const ref = { service: SERVICE, requestId: pin.requestId, cid: pin.cid.text }
    const key = `key ${random()}`
    const write = chance < 0.01 ? tenant(token).addPin(newPin, key) : tenant(token).replacePin(ref, newPin, key)
    write.then(undefined, () => {})
  } else if (chance < 0.03) {
    tenant(token)
      .removePin(pin.requestId)
      .then(undefined, () => {})
  } else if (isSettled(pin.status)) {
    // Most stay as they are, and make room.
    if (chance < 0.3) upstream.remove(token, pin.requestId)
    else if (chance < 0.4) upstream.setStatus(token, pin.requestId, pin.status === 'failed' ? 'queued' : 'failed')
  } else {
    const next: PinStatus =
      pin.status === 'queued' ? 'pinning' : chance < 0.6 ? 'pinning' : chance < 0.7 ? 'failed' : 'pinned'
    upstream.setStatus(token, pin.requestId, next)
  }
}

function fateOf(random: () => number): Fate {
  const late = {
    beforeMs: random() < 0.3 ? random() * 300 : 0,
    afterMs: random() < 0.3 ? random() * 3_000 : random() * 50,
  }
  const chance = random()
  if (chance < 0.03)
    return { ...late, lostReply: new ServiceUnavailableError('lost', { service: SERVICE, mayHaveActed: true }) }
  if (chance < 0.06)
    return { ...late, refusal: new ServiceUnavailableError('down', { service: SERVICE, mayHaveActed: true }) }
  if (chance < 0.08) return { ...late, refusal: new RateLimitedError(SERVICE, random() * 8_000) }
  if (chance < 0.085) return { ...late, refusal: new UnauthorizedError('no', { service: SERVICE }) }
  return late
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

/** The same numbers for the same seed: mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
