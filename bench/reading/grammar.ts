/**
 * Services that nobody knows, made by chance from a grammar of what services do in lists: a million readings, each of which is
 * exact or ends in a typed error. At least 95 % of those that a client can complete who is told the rules are exact.
 *
 * All is in one process and without sockets. What is refused though it is possible is listed by cause.
 *
 * Run: npx tsx bench/reading/grammar.ts [histories = 1000000] [first seed = 1]
 * Exit code 1 when a reading lost or repeated a pin, or fewer than 95 % of the possible ones were exact.
 */
import { readHistory } from '../../test/support/grammar/read-history.ts'

const [histories = 1_000_000, firstSeed = 1] = process.argv.slice(2).map(Number)
const totals = { exact: 0, possible: 0, refused: 0, mistakes: 0, requests: 0, pins: 0 }
const causes = new Map<string, number>()
const mistakes: string[] = []
const startedAt = performance.now()

function note(cause: string): void {
  causes.set(cause, (causes.get(cause) ?? 0) + 1)
}

for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
  const { rules, result, isPossible, error, requests, pins } = await readHistory(seed)
  totals.requests += requests
  totals.pins += pins
  if (isPossible) totals.possible++
  if (typeof result === 'object') {
    totals.mistakes++
    if (mistakes.length < 20) mistakes.push(`seed ${seed}: ${result.mistake}: ${JSON.stringify(rules)}`)
  } else if (result === 'refused') {
    totals.refused++
    if (isPossible) {
      const { order, bounds, rounding, largestPage, count } = rules
      const about = `${order}, ${bounds}, rounding ${rounding}, ${largestPage?.pins ?? 'any'} a page, count ${count}`
      note(`${error?.replace(/\d+/g, 'N')} [${about}]`)
    }
  } else if (isPossible) totals.exact++
  if ((seed - firstSeed + 1) % 10_000 === 0) {
    process.stderr.write(`${seed - firstSeed + 1} after ${Math.round((performance.now() - startedAt) / 1000)} s\n`)
  }
}

const share = (totals.exact / totals.possible) * 100
process.stdout.write(`${mistakes.join('\n')}\n`)
process.stdout.write('Refused though possible:\n')
for (const [cause, times] of [...causes].sort((a, b) => b[1] - a[1]).slice(0, 30)) {
  process.stdout.write(`${String(times).padStart(8)}  ${cause}\n`)
}
process.stdout.write(
  `${histories} histories from seed ${firstSeed}, ${totals.pins} pins, ${totals.requests} requests: ${totals.possible} possible, of which ${totals.exact} exact (${share.toFixed(2)} %); ${totals.refused} refused in all; ${totals.mistakes} mistakes\n`,
)
process.exitCode = totals.mistakes > 0 || share < 95 ? 1 : 0
