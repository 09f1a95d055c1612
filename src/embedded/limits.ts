/** Limits of the service. Times are in milliseconds, sizes in bytes. */
export interface Limits {
  /** Blocks of one pin that are requested at the same time. */
  readonly concurrency: number
  /** Pins that are fetched at the same time, of all tokens and per token. All others wait in the queue. */
  readonly activePins: number
  readonly activePinsPerToken: number
  /** Milliseconds without a new block after which a pin fails. */
  readonly stallTimeoutMs: number
  /** Milliseconds after which a pin fails that is not complete. */
  readonly totalTimeoutMs: number
  readonly dialTimeoutMs: number
  readonly maxConnections: number
  readonly maxBlockBytes: number
  readonly maxDagBytes: number
  readonly maxDagBlocks: number
  readonly maxDagDepth: number
  /** Memory of the walks over all DAGs that are fetched: about 190 bytes for each block that is known of. */
  readonly maxWalkBytes: number
  readonly maxPinsPerToken: number
  readonly maxBytesPerToken: number
  /** A page of a list ends after so many bytes of pins, though never before its tenth pin. `count` says that more follow. */
  readonly maxPageBytes: number
}

const SECOND = 1_000
const MIB = 1024 ** 2
const GIB = 1024 ** 3

export const DEFAULT_LIMITS: Limits = {
  concurrency: 64,
  activePins: 64,
  activePinsPerToken: 32,
  stallTimeoutMs: 20 * SECOND,
  totalTimeoutMs: 6 * 3_600 * SECOND,
  dialTimeoutMs: 6 * SECOND,
  maxConnections: 200,
  maxBlockBytes: 2 * MIB,
  maxDagBytes: 64 * GIB,
  maxDagBlocks: 1_000_000,
  maxDagDepth: 1_000,
  maxWalkBytes: 256 * MIB,
  maxPinsPerToken: 1_000_000,
  maxBytesPerToken: 1024 * GIB,
  maxPageBytes: 4 * MIB,
}
