import { RateLimitedError, ServiceUnavailableError, UnauthorizedError } from '../../../src/domain/errors.ts'
import type { Fate } from '../model/model-service.ts'
import { seededRandom } from '../seeded-random.ts'
import { HistoryChecker } from './history-checker.ts'
import { HistoryClient, LONGEST_STALL_MS } from './history-client.ts'
import { SERVICE } from './history-stage.ts'
import { startNetworkStage } from './network-stage.ts'
import { startVirtualStage } from './virtual-stage.ts'
import { World } from './world.ts'

export interface HistoryRun {
  readonly transitions: number
  readonly events: number
  readonly connections: number
  readonly requests: number
  /** Number of times that each fault was made on the network. */
  readonly troubles: ReadonlyMap<string, number>
  readonly violations: readonly string[]
}

export interface HistoryOptions {
  readonly seed: number
  /** Number of states of all pins together. */
  readonly transitions: number
  readonly isFaulty: boolean
  /** Half of all reads are answered by replicas that lag behind, by less than a poll's interval. */
  readonly hasReplicas?: boolean
  /** Over real connections, where things happen at slightly different times with the same seed. Default: in this process. */
  readonly isNetworked?: boolean
  /** Default 3. */
  readonly tenants?: number
  /** Default 40. */
  readonly pinsPerTenant?: number
  /** Default 9. */
  readonly subscribers?: number
  /** Number of pauses in which all clients have left and come back, and everything has settled. Default 8. */
  readonly rests?: number
}

/** Failures may have led to waits of 30 s, and settled pins are looked over once a minute and list. */
const LONGEST_REST_MS = 900_000
/** And once everybody knows everything, it must stay so over another look at all. */
const LAST_LOOK_MS = 70_000
const LONGEST_REPLICA_LAG_MS = 800

/**
 * Lets pins live and subscribers come, go, stall and come back, for so many changes, and checks what each was told.
 *
 * Changes come from elsewhere and through pinql. With faults, requests are looked at late, their answers come later and
 * in any order, are lost, or are 429, 401 or 5xx; and connections suffer all of Toxiproxy's faults, before the service
 * and before the gateway, where there are any.
 */
export async function runLiveHistory(options: HistoryOptions): Promise<HistoryRun> {
  const { seed, transitions, isFaulty, hasReplicas = false, isNetworked = false } = options
  const { tenants = 3, pinsPerTenant = 40, subscribers = 9, rests = 8 } = options
  const random = seededRandom(seed)
  await using stage = isNetworked ? await startNetworkStage(random) : startVirtualStage(random)
  const { clock, upstream, live } = stage
  const world = new World(stage, pinsPerTenant, random)
  const tokens = Array.from({ length: tenants }, (_, index) => `token-${index}`)
  upstream.isLogging = false
  for (const token of tokens) {
    for (let n = 0; n < pinsPerTenant; n++) upstream.add(token, { name: n % 2 ? 'odd' : 'even' })
  }
  if (hasReplicas) upstream.keepsPastMs = 2 * LONGEST_REPLICA_LAG_MS

  const clients = Array.from({ length: subscribers }, (_, index) => {
    const checker = new HistoryChecker(`client ${index} of seed ${seed}`, !hasReplicas)
    return new HistoryClient(checker, stage, tokens[index % tenants] as string, random)
  })
  let done = 0
  upstream.onState = () => void done++

  function beginTrouble(): void {
    if (!isFaulty) return
    upstream.fate = () => fateOf(random, hasReplicas)
    stage.trouble()
  }

  async function endTrouble(): Promise<void> {
    upstream.fate = undefined
    if (isFaulty) await stage.calm()
    for (const client of clients) client.calm()
  }

  async function rest(): Promise<void> {
    const latest = clock.now() + LONGEST_REST_MS
    const isAtRest = (): boolean => world.writing === 0 && clients.every(({ isUpToDate }) => isUpToDate)
    do await stage.advance(2_000)
    while (clock.now() < latest && !isAtRest())
    for (const client of clients) client.checkAtRest()
  }

  /** Everybody is away while something happens, and then goes on where they were. */
  async function leaveAndReturn(): Promise<void> {
    await stage.advance(LONGEST_STALL_MS)
    for (const client of clients) await client.close()
    for (let n = 0; n < 2 * tenants; n++) world.move(tokens[n % tenants] as string)
    await stage.advance(1_000)
    for (const client of clients) client.resume()
  }

  beginTrouble()
  const perRest = transitions / (rests + 1)
  for (let nextRest = perRest; done < transitions; ) {
    if (done >= nextRest) {
      nextRest += perRest
      await endTrouble()
      await leaveAndReturn()
      await rest()
      beginTrouble()
    }
    for (let n = Math.floor((random() * tenants * pinsPerTenant) / 3); n > 0; n--) {
      world.move(tokens[Math.floor(random() * tenants)] as string)
    }
    for (const client of clients) if (random() < 0.02) client.meddle()
    await stage.advance(random() * 400)
  }
  await endTrouble()
  for (const token of tokens) world.settle(token)
  await rest()
  await stage.advance(LAST_LOOK_MS)
  for (const client of clients) client.checkAtRest()
  const result = {
    transitions: done,
    events: sum(clients.map(({ checker }) => checker.events)),
    connections: sum(clients.map(({ connections }) => connections)),
    requests: upstream.requestCount,
    troubles: stage.troubles,
    violations: clients.flatMap(({ checker }) => checker.violations),
  }
  await Promise.all(clients.map((client) => client.finish()))
  // The linger; on a busy machine, connections take their time to close.
  const emptyBy = clock.now() + LONGEST_REST_MS
  do await stage.advance(40_000)
  while (live.size > 0 && clock.now() < emptyBy)
  const left = live.size
  return left === 0 ? result : { ...result, violations: [...result.violations, `${left} pollers left`] }
}

function fateOf(random: () => number, hasReplicas: boolean): Fate {
  const late = {
    staleMs: hasReplicas && random() < 0.5 ? random() * LONGEST_REPLICA_LAG_MS : 0,
    beforeMs: random() < 0.3 ? random() * 300 : 0,
    afterMs: random() < 0.3 ? random() * 3_000 : random() * 50,
  }
  const chance = random()
  if (chance < 0.03) return { ...late, isReplyLost: true }
  if (chance < 0.06)
    return { ...late, refusal: new ServiceUnavailableError('down', { service: SERVICE, mayHaveActed: true }) }
  if (chance < 0.08) return { ...late, refusal: new RateLimitedError(SERVICE, random() * 8_000) }
  if (chance < 0.085) return { ...late, refusal: new UnauthorizedError('no', { service: SERVICE }) }
  return late
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
