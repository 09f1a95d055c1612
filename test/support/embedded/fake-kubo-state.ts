import { EventEmitter, once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'

/** A node of a DAG as far as Kubo's pins care: its size, and the CIDs it links to. */
interface FakeNode {
  readonly size: number
  readonly links: readonly string[]
}

/** The content of a Kubo daemon, and the content that it could fetch. */
export class FakeKuboState {
  /** Recursive pins by CID, with their names. */
  readonly pins = new Map<string, string>()
  /** Nodes that the daemon has in its repository. */
  readonly local = new Set<string>()
  readonly #nodes = new Map<string, FakeNode>()
  readonly #held = new Set<string>()
  readonly #changed = new EventEmitter().setMaxListeners(0)
  readonly #nodeMs: number

  /** @param options.nodeMs milliseconds that it takes to fetch a node. Default: none. */
  constructor(options: { nodeMs?: number } = {}) {
    this.#nodeMs = options.nodeMs ?? 0
  }

  /** Makes a DAG of a root over leaves that the daemon can fetch, and returns its root. */
  async createDag(name: string, options: { leaves?: number; leafBytes?: number } = {}): Promise<string> {
    const { leaves = 3, leafBytes = 1_000 } = options
    const links: string[] = []
    for (let i = 0; i < leaves; i++) links.push(await this.#create(`${name} ${i}`, leafBytes, []))
    return this.#create(name, 100, links)
  }

  /** Makes the last node of a DAG unfindable until it is given. */
  holdBack(root: string): void {
    this.#held.add(this.#nodes.get(root)?.links.at(-1) ?? root)
  }

  /** Makes everything findable again. */
  give(): void {
    this.#held.clear()
    this.#changed.emit('change')
  }

  /**
   * Fetches a DAG as Kubo does: waits for what cannot be found, until the signal aborts.
   *
   * @param onNode called for each node, also for those that were here
   */
  async fetch(root: string, onNode: (size: number) => void, signal: AbortSignal): Promise<void> {
    for (const cid of this.reachable(root)) {
      while (!this.local.has(cid) && (this.#held.has(cid) || !this.#nodes.has(cid))) {
        await once(this.#changed, 'change', { signal })
      }
      if (this.#nodeMs > 0 && !this.local.has(cid)) await delay(this.#nodeMs, null, { signal })
      signal.throwIfAborted()
      this.local.add(cid)
      onNode(this.#nodes.get(cid)?.size ?? 0)
    }
  }

  /** Counts the blocks and bytes of a DAG, as `dag/stat` does. */
  stat(root: string): { blocks: number; bytes: number } {
    const cids = [...this.reachable(root)]
    return { blocks: cids.length, bytes: cids.reduce((sum, cid) => sum + (this.#nodes.get(cid)?.size ?? 0), 0) }
  }

  /** Drops all blocks that no pin needs, as `repo/gc` does. */
  collectGarbage(): void {
    const needed = new Set([...this.pins.keys()].flatMap((cid) => [...this.reachable(cid)]))
    for (const cid of this.local) if (!needed.has(cid)) this.local.delete(cid)
  }

  /** True if the whole DAG is in the repository and a pin of its root protects it. */
  isKept(root: string): boolean {
    return this.pins.has(root) && [...this.reachable(root)].every((cid) => this.local.has(cid))
  }

  reachable(root: string): Set<string> {
    return new Set([root, ...(this.#nodes.get(root)?.links ?? [])])
  }

  async #create(name: string, size: number, links: readonly string[]): Promise<string> {
    const cid = CID.createV1(0x70, await sha256.digest(Buffer.from(name))).toString()
    this.#nodes.set(cid, { size, links })
    return cid
  }
}
