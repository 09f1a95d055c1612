/**
 * Services that nobody knows, made by chance from a grammar of what services do in lists: a million walks, each of which is
 * exact or ends in a typed error. At least 95 % of those that a client can complete who is told the rules are exact.
 *
 * All is in one process and without sockets. What is refused though it is possible is listed by cause.
 *
 * Run: npm run bench:grammar -- [histories = 1000000] [first seed = by chance]
 * Exit code 1 when a walk lost or repeated a pin, or fewer than 95 % of the possible ones were exact.
 */
import { readHistory } from '../../test/support/grammar/read-history.ts'

const [histories = 1_000_000, firstSeed = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2).map(Number)
const totals = { exact: 0, possible: 0, refused: 0, mistakes: 0, requests: 0, pins: 0 }
const causes = new Map<string, { times: number; seed: number }>()
const mistakes: string[] = []
const startedAt = performance.now()

for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
  const { rules, reading, result, isPossible, error, requests, pins } = await readHistory(seed)
  totals.requests += requests
  totals.pins += pins
  if (isPossible) totals.possible++
  if (typeof result === 'object') {
    totals.mistakes++
    if (mistakes.length < 20) mistakes.push(`seed ${seed}: ${result.mistake}: ${reading}: ${JSON.stringify(rules)}`)
  } else if (result === 'refused') {
    totals.refused++
    if (isPossible) {
      const { order, bounds, rounding, largestPage, count, statuses } = rules
      const about = `${order}, ${bounds}, ${rounding}, ${largestPage?.pins ?? 'any'} a page, ${count}, ${statuses}`
      const cause = `${error?.replace(/\d+/g, 'N')} [${about}]`
      const seen = causes.get(cause)
      causes.set(cause, { times: (seen?.times ?? 0) + 1, seed: seen?.seed ?? seed })
    }
  } else if (isPossible) totals.exact++
  if ((seed - firstSeed + 1) % 10_000 === 0) {
    process.stderr.write(`${seed - firstSeed + 1} after ${Math.round((performance.now() - startedAt) / 1000)} s\n`)
  }
}

const share = (totals.exact / totals.possible) * 100
process.stdout.write(`${mistakes.join('\n')}\nRefused though possible:\n`)
for (const [cause, { times, seed }] of [...causes].sort(([, a], [, b]) => b.times - a.times).slice(0, 40)) {
  process.stdout.write(`${String(times).padStart(8)}  ${cause}, as at seed ${seed}\n`)
}
process.stdout.write(
  `${histories} histories from seed ${firstSeed}, ${totals.pins} pins, ${totals.requests} requests: ${totals.possible} possible, of which ${totals.exact} exact (${share.toFixed(2)} %); ${totals.refused} refused in all; ${totals.mistakes} mistakes\n`,
)
process.exitCode = totals.mistakes > 0 || share < 95 ? 1 : 0
