import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const SRC = new URL('../../src/', import.meta.url)

/** Returns the files of `upstream` and `live` in which an expression occurs. */
function filesWith(expression: RegExp): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^(upstream|live)\/.*\.ts$/.test(path))
    .filter((path) => expression.test(readFileSync(new URL(path, SRC), 'utf8')))
    .sort()
}

// Why: docs/decisions/0018-time-and-chance-from-outside.md

/** They measure what this machine does, not what a service does: how long a turn takes, and how long a file is locked. */
const OF_THE_MACHINE = ['upstream/waiting/give-way.ts', 'upstream/writes/open-write-records.ts']

it('upstream and live ask no clock but the one that they are given', () => {
  const clocks = /\bDate\.now\b|\bnew Date\(\)|\bperformance\.|\bhrtime\b/
  expect(filesWith(clocks)).toEqual(['upstream/waiting/clock.ts', ...OF_THE_MACHINE])
})

it('upstream and live set no timer of the machine, except for an exchange over HTTP and a file that is locked', () => {
  const timers = /(?<![.\w])set(Timeout|Interval)\(|\btimers\/promises\b|\bAbortSignal\.timeout\b/
  expect(filesWith(timers)).toEqual([
    'upstream/http/exchange.ts',
    'upstream/waiting/clock.ts',
    'upstream/writes/open-write-records.ts',
  ])
})

it('upstream and live draw only the chances that a test can give them', () => {
  expect(filesWith(/\bMath\.random\b/)).toEqual(['live/polling/backoff.ts', 'upstream/service/service.ts'])
})
