import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const SRC = new URL('../../src/', import.meta.url)
const TEST = new URL('../', import.meta.url)

/** Returns the files of `upstream` and `live` in which an expression occurs. */
function filesWith(expression: RegExp): string[] {
  return filesOf(SRC, expression).filter((path) => /^(upstream|live)\//.test(path))
}

/** Returns the files of a folder in which an expression occurs. */
function filesOf(folder: URL, expression: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.includes('node_modules'))
    .filter((path) => expression.test(readFileSync(new URL(path, folder), 'utf8')))
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

it('tests draw only chances that a seed repeats', () => {
  expect(filesOf(TEST, /\bMath\.random\(/)).toEqual([])
})

it('tests have no upper bound on the time of the machine but expectInTime', () => {
  const files = filesOf(TEST, /\bperformance\.now\(\) - /)

  expect(files.filter((path) => hasUpperBound(readFileSync(new URL(path, TEST), 'utf8')))).toEqual([
    'support/expect-in-time.ts',
  ])
})

/** Returns whether a test expects a difference of the machine's times to be less than another, by a name of its own or without. */
function hasUpperBound(test: string): boolean {
  const names = [...test.matchAll(/(\w+) = .*\bperformance\.now\(\) - /g)].map(([, name = '']) => name)
  const times = [String.raw`performance\.now\(\) - \w+`, ...names].join('|')
  return new RegExp(String.raw`expect\((?:${times})[,)].*toBeLess`).test(test)
}
