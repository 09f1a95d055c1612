import { formatInstant } from '../../../src/domain/instant.ts'

/** Nanoseconds in the steps that services count time in. */
export const SECOND = 1_000_000_000n
export const MILLISECOND = 1_000_000n
export const MICROSECOND = 1_000n
export const NANOSECOND = 1n

/** Prints an instant, given in nanoseconds since 1970, as a service's `created`. */
export type CreatedText = (ns: bigint) => string

/** UTC with a fixed number of fraction digits: `2023-03-01T12:00:00.120Z`. */
export function utcText(digits: number): CreatedText {
  return (ns) => formatInstant(ns, digits)
}

/** As Go's RFC3339Nano and Postgres print it: trailing zeros of the fraction, and an empty fraction, are left out. */
export function trimmedText(digits: number, zulu = 'Z'): CreatedText {
  return (ns) => {
    const text = formatInstant(ns, digits).slice(0, -1)
    return `${text.includes('.') ? text.replace(/\.?0+$/, '') : text}${zulu}`
  }
}

/** The wall clock of a place, with the offset that holds there at that instant, daylight saving included. */
export function zonedText(timeZone: string): CreatedText {
  const zone = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  return (ns) => {
    const ms = Number(ns / MILLISECOND)
    const name = zone.formatToParts(ms).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT'
    const offset = name.slice('GMT'.length) || '+00:00'
    const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number)
    const shiftNs = BigInt((offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)) * 60n * SECOND
    return formatInstant(ns + shiftNs, 0).replace(/Z$/, offset)
  }
}
