import { parseInstant } from './instant.ts'
import type { Pin, StringMap } from './pin.ts'

/** How far a pin has come, as far as its service reports it. */
export interface PinProgress {
  readonly blocks: number | null
  readonly bytes: number | null
  readonly totalBlocks: number | null
  readonly totalBytes: number | null
  /** 0 to 100. */
  readonly percent: number | null
}

/** The keys of `info` that services use: pinql's own service first, then the specification's and those of other services. */
const KEYS = {
  blocks: ['blocks_fetched', 'blocks_written', 'blocks'],
  bytes: ['bytes_fetched', 'size_fetched'],
  totalBlocks: ['dag_blocks', 'blocks_total', 'total_blocks'],
  size: ['dag_size', 'total_size', 'size'],
  /** Size that the root block claims. Unverified, so it is used for `percent` only. */
  expectedBytes: ['bytes_expected'],
  percent: ['percent', 'progress'],
  expiry: ['pinned_until', 'pinnedUntil', 'expires_at', 'expiresAt', 'expire_at', 'expireAt', 'expiry', 'expires'],
  failure: ['status_details', 'failed_reason', 'failed_message', 'error', 'pinata_pinjob_status'],
} as const

/** Progress from the services' `info` keys; null if the service reports no progress. */
export function progressOf(pin: Pin): PinProgress | null {
  const { info } = pin
  const isPinned = pin.status === 'pinned'
  const fetchedBlocks = amountAt(info, KEYS.blocks)
  const fetchedBytes = amountAt(info, KEYS.bytes)
  const missing = amountAt(info, ['missing_blocks'])
  const told = amountAt(info, KEYS.percent)
  const totalBlocks = totalAt(info, KEYS.totalBlocks) ?? sum(fetchedBlocks, missing)
  const totalBytes = sizeOf(pin)
  const expected = totalAt(info, KEYS.expectedBytes)
  // A complete DAG may have been there before: then less was fetched than it has.
  const blocks = isPinned && !missing ? (totalBlocks ?? fetchedBlocks) : fetchedBlocks
  const bytes = isPinned ? (totalBytes ?? fetchedBytes) : fetchedBytes
  const reported = { blocks, bytes, totalBlocks, totalBytes, percent: told ?? expected }
  const isSilent = Object.values(reported satisfies PinProgress).every((value) => value === null)
  if (isSilent) return null
  const share = told ?? shareOf(bytes, totalBytes ?? expected) ?? shareOf(blocks, totalBlocks)
  const percent = isPinned ? 100 : share === null ? null : Math.min(100, share)
  return { blocks, bytes, totalBlocks, totalBytes, percent }
}

/** Bytes of the whole DAG; null where the service does not report it. */
export function sizeOf({ info }: Pin): number | null {
  return totalAt(info, KEYS.size)
}

/**
 * When the service will stop pinning the content, as RFC 3339; null where it does not say, or never.
 *
 * Services write a timestamp, or Unix seconds or milliseconds. A year before 1971 stands for "never", as Go prints its zero
 * time.
 */
export function expiresAtOf({ info }: Pin): string | null {
  for (const key of KEYS.expiry) {
    const text = info[key]?.trim()
    const found = text ? toTimestamp(text) : null
    if (found !== null) return found
  }
  return null
}

/** Why a pin failed, in the service's words; null when it did not fail, or the service gave no reason. */
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
  // Some write a day, or leave out the zone.
  const [, day, time = '00:00:00'] = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}:\d{2}(?:\.\d+)?))?$/.exec(text) ?? []
  if (day !== undefined) return toTimestamp(`${day}T${time}Z`)
  try {
    return parseInstant(text).ns >= BigInt(YEAR_1971_MS) * 1_000_000n ? text : null
  } catch {
    return null
  }
}

/** The last instant of the year 9999, which RFC 3339 can still name. */
const MAX_DATE_MS = Date.UTC(10_000, 0) - 1

/** The first of the keys that has a number, 0 included. */
function amountAt(info: StringMap, keys: readonly string[]): number | null {
  for (const key of keys) {
    const text = info[key]?.trim().replace(/%$/, '')
    const value = text ? Number(text) : Number.NaN
    if (Number.isFinite(value) && value >= 0) return value
  }
  return null
}

/** The first of the keys that has a number above 0: Filebase reports size 0 of everything. */
function totalAt(info: StringMap, keys: readonly string[]): number | null {
  const positive = keys.filter((key) => amountAt(info, [key]) !== 0)
  return amountAt(info, positive)
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null || !Number.isFinite(a + b) ? null : a + b
}

function shareOf(part: number | null, whole: number | null): number | null {
  return part === null || !whole ? null : Math.min(100, Math.round((part / whole) * 1000) / 10)
}
