import type { Pin } from '../../../domain/pin.ts'
import { pinBytesOf } from '../../../domain/pin-bytes.ts'
import { comparePositions } from '../../../domain/pin-order.ts'
import { listsTooMany } from '../../../domain/pin-room.ts'
import type { PinQuery } from '../../http/list-query.ts'
import type { PinRecords } from '../../http/pin-page.ts'
import type { PinSource, ReadOptions } from '../pin-source.ts'
import { PinStream, type PinStreamOptions } from './pin-stream.ts'

/** Pins that are taken from a stream at once. */
const AT_ONCE = 1000

/** Opens one stream for each part of a query, since a service accepts only some CIDs in one list. No pin is in two streams. */
export function openPinStreams(source: PinSource, query: PinQuery, options: PinStreamOptions): PinStream[] {
  return source.splitQuery(query).map((part) => new PinStream(source, part, options))
}

/**
 * Returns every pin that matches a query, newest first. At a known provider it costs one request for up to 999 pins, per part of
 * at most ten CIDs. At an unknown service, lists cost more until it is known, see `StrangerChecks`.
 *
 * @throws {MalformedResponseError} when the service lists more than there is memory for
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
  using share = source.room.open(source.service)
  let count = 0
  const takeAll = async (stream: PinStream): Promise<Pin[]> => {
    const taken: Pin[] = []
    for (;;) {
      const next = await stream.take(AT_ONCE)
      for (const pin of next) {
        taken.push(pin)
        share.take(pinBytesOf(pin))
      }
      count += next.length
      if (share.isLost) throw listsTooMany(source.service, count)
      if (next.length < AT_ONCE) return taken
    }
  }
  const parts = await Promise.all(streams.map(takeAll))
  const pins = parts.length === 1 ? (parts[0] ?? []) : parts.flat().sort(comparePositions)
  return { pins, leftOut: streams.flatMap(({ leftOut }) => leftOut) }
}
