import { parseInstant } from './instant.ts'
import type { Pin, StringMap } from './pin.ts'

/** Progress of a pin. A number that the service does not report is null. */
export interface PinProgress {
  readonly blocks: number | null
  readonly bytes: number | null
  readonly totalBlocks: number | null
  readonly totalBytes: number | null
  /** 0 to 100. */
  readonly percent: number | null
}

/** Keys of `info` that services use, in order of preference: pinql's own service, the specification, other services. */
const KEYS = {
  blocks: ['blocks_fetched', 'blocks_written', 'blocks'],
  bytes: ['bytes_fetched', 'size_fetched'],
  totalBlocks: ['dag_blocks', 'blocks_total', 'total_blocks'],
  size: ['dag_size', 'total_size', 'size'],
  /** Size that the root block claims. Nobody has verified it, so it is used for `percent` only. */
  expectedBytes: ['bytes_expected'],
  percent: ['percent', 'progress'],
  expiry: ['pinned_until', 'pinnedUntil', 'expires_at', 'expiresAt', 'expire_at', 'expireAt', 'expiry', 'expires'],
  failure: ['status_details', 'failed_reason', 'failed_message', 'error', 'pinata_pinjob_status'],
} as const

/** Reads the progress of a pin from `info`. Null if the service reports no progress. */
export function progressOf(pin: Pin): PinProgress | null {
  const { info } = pin
  const isPinned = pin.status === 'pinned'
  const fetchedBlocks = amountAt(info, KEYS.blocks)
  const fetchedBytes = amountAt(info, KEYS.bytes)
  const missing = amountAt(info, ['missing_blocks'])
  const given = amountAt(info, KEYS.percent)
  const totalBlocks = totalAt(info, KEYS.totalBlocks) ?? sumIfKnown(fetchedBlocks, missing)
  const totalBytes = sizeOf(pin)
  const expected = totalAt(info, KEYS.expectedBytes)
  // The service may have had some of the blocks before, so that it fetched fewer than the DAG has.
  const blocks = isPinned && !missing ? (totalBlocks ?? fetchedBlocks) : fetchedBlocks
  const bytes = isPinned ? (totalBytes ?? fetchedBytes) : fetchedBytes
  const reported = { blocks, bytes, totalBlocks, totalBytes, percent: given } satisfies PinProgress
  if (expected === null && Object.values(reported).every((value) => value === null)) return null
  const share = given ?? shareOf(bytes, totalBytes ?? expected) ?? shareOf(blocks, totalBlocks)
  const percent = isPinned ? 100 : share === null ? null : Math.min(100, share)
  return { blocks, bytes, totalBlocks, totalBytes, percent }
}

/** Reads the size of the whole DAG in bytes. Null if the service does not report it. */
export function sizeOf({ info }: Pin): number | null {
  return totalAt(info, KEYS.size)
}

/**
 * Reads the instant at which the service will stop pinning the content, as RFC 3339. Null if the service reports none.
 *
 * Services write a timestamp, or Unix seconds or milliseconds. A year before 1971 means "never", since Go prints its zero time
 * so.
 */
export function expiresAtOf({ info }: Pin): string | null {
  for (const key of KEYS.expiry) {
    const text = info[key]?.trim()
    const found = text ? toTimestamp(text) : null
    if (found !== null) return found
  }
  return null
}

/** Reads the reason of a failure, in the service's words. Null if the pin has not failed, or the service gave no reason. */
export function failureReasonOf(pin: Pin): string | null {
  if (pin.status !== 'failed') return null
  return KEYS.failure.map((key) => pin.info[key]).find((reason) => reason) ?? null
}

const YEAR_1971_MS = Date.UTC(1971)
/** Unix seconds of the year 5138, and Unix milliseconds of 1973. */
const FIRST_MILLISECONDS = 1e11

function toTimestamp(text: string): string | null {
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const value = Number(text)
    const ms = value < FIRST_MILLISECONDS ? value * 1000 : value
    return ms >= YEAR_1971_MS && ms <= MAX_DATE_MS ? new Date(ms).toISOString() : null
  }
  // Some services write only a day, or leave out the time zone.
  const [, day, time = '00:00:00'] = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}:\d{2}(?:\.\d+)?))?$/.exec(text) ?? []
  if (day !== undefined) return toTimestamp(`${day}T${time}Z`)
  try {
    return parseInstant(text).ns >= BigInt(YEAR_1971_MS) * 1_000_000n ? text : null
  } catch {
    return null
  }
}

/** The last instant of the year 9999. RFC 3339 has no later year. */
const MAX_DATE_MS = Date.UTC(10_000, 0) - 1

/** Returns the value of the first key that has a number, 0 included. */
function amountAt(info: StringMap, keys: readonly string[]): number | null {
  for (const key of keys) {
    const text = info[key]?.trim().replace(/%$/, '')
    const value = text ? Number(text) : Number.NaN
    if (Number.isFinite(value) && value >= 0) return value
  }
  return null
}

/** Returns the value of the first key that has a number above 0, since Filebase reports size 0 for every pin. */
function totalAt(info: StringMap, keys: readonly string[]): number | null {
  const positive = keys.filter((key) => amountAt(info, [key]) !== 0)
  return amountAt(info, positive)
}

function sumIfKnown(a: number | null, b: number | null): number | null {
  return a === null || b === null || !Number.isFinite(a + b) ? null : a + b
}

function shareOf(part: number | null, whole: number | null): number | null {
  return part === null || !whole ? null : Math.min(100, Math.round((part / whole) * 1000) / 10)
}
