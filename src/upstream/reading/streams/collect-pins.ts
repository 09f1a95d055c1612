import type { Pin } from '../../../domain/pin.ts'
import { comparePositions } from '../../../domain/pin-order.ts'
import type { PinQuery } from '../../http/list-query.ts'
import type { PinRecords } from '../../http/pin-page.ts'
import type { PinSource, ReadOptions } from '../pin-source.ts'
import { PinStream, type PinStreamOptions } from './pin-stream.ts'

/** Opens one stream for each part of a query, since a service accepts only some CIDs in one list. No pin is in two streams. */
export function openPinStreams(source: PinSource, query: PinQuery, options: PinStreamOptions): PinStream[] {
  return source.splitQuery(query).map((part) => new PinStream(source, part, options))
}

/**
 * Returns every pin that matches a query, newest first. At a known provider it costs one request for up to 999 pins, per part of
 * at most ten CIDs. At an unknown service, lists cost more until it is known, see `StrangerChecks`.
 */
export async function collectPins(
  source: PinSource,
  query: PinQuery,
  options: ReadOptions = {},
): Promise<readonly Pin[]> {
  return (await collectRecords(source, query, options)).pins
}

/** The same as `collectPins`, with the records that are not valid pins. */
export async function collectRecords(
  source: PinSource,
  query: PinQuery,
  options: ReadOptions = {},
): Promise<PinRecords> {
  const streams = openPinStreams(source, query, { ...options, expected: 1000 })
  const parts = await Promise.all(streams.map((stream) => stream.take(Number.POSITIVE_INFINITY)))
  const pins = parts.length === 1 ? (parts[0] ?? []) : parts.flat().sort(comparePositions)
  return { pins, leftOut: streams.flatMap(({ leftOut }) => leftOut) }
}
