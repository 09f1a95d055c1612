import type { Pin, StringMap } from './pin.ts'

/** How far a pin has come, as far as its service tells. */
export interface PinProgress {
  readonly blocks: number | null
  readonly bytes: number | null
  readonly totalBlocks: number | null
  readonly totalBytes: number | null
  /** 0 to 100. */
  readonly percent: number | null
}

/** The keys of `info` that services use, the specification's first. */
const KEYS = {
  blocks: ['blocks_fetched', 'blocks_written', 'blocks'],
  bytes: ['bytes_fetched', 'size_fetched'],
  totalBlocks: ['blocks_total', 'total_blocks'],
  totalBytes: ['dag_size', 'total_size', 'size'],
  percent: ['percent', 'progress'],
  failure: ['status_details', 'failed_reason', 'failed_message', 'error', 'pinata_pinjob_status'],
} as const

/** Progress from the vendors' `info` keys; null where the service tells nothing of it. */
export function progressOf(pin: Pin): PinProgress | null {
  const blocks = numberAt(pin.info, KEYS.blocks)
  const bytes = numberAt(pin.info, KEYS.bytes)
  const missing = numberAt(pin.info, ['missing_blocks'])
  const totalBlocks =
    numberAt(pin.info, KEYS.totalBlocks) ?? (blocks !== null && missing !== null ? blocks + missing : null)
  const totalBytes = numberAt(pin.info, KEYS.totalBytes)
  const told = numberAt(pin.info, KEYS.percent)
  if ([blocks, bytes, totalBlocks, totalBytes, told].every((value) => value === null)) return null
  const percent = pin.status === 'pinned' ? 100 : (told ?? share(bytes, totalBytes) ?? share(blocks, totalBlocks))
  return { blocks, bytes, totalBlocks, totalBytes, percent: percent === null ? null : Math.min(100, percent) }
}

/** Why a pin failed, in the service's words; null when it did not fail, or the service gave no reason. */
export function failureReasonOf(pin: Pin): string | null {
  if (pin.status !== 'failed') return null
  return KEYS.failure.map((key) => pin.info[key]).find((reason) => reason) ?? null
}

function numberAt(info: StringMap, keys: readonly string[]): number | null {
  for (const key of keys) {
    const text = info[key]?.replace(/%$/, '')
    const value = text ? Number(text) : Number.NaN
    // Filebase says size 0 of everything.
    if (Number.isFinite(value) && value > 0) return value
  }
  return null
}

function share(part: number | null, whole: number | null): number | null {
  return part === null || !whole ? null : Math.round((1000 * part) / whole) / 10
}
