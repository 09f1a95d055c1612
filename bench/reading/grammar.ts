/**
 * Services that nobody knows, made by chance from a grammar of what services do in lists: a million readings, each of which is
 * exact or ends in a typed error. In usual accounts, at least 95 % of those that a client can
 * complete who is told the rules are exact. Dense accounts are small and unkind, and show mistakes sooner.
 *
 * It needs no sockets, and as many processes as there are processors. The first seed is printed, and so is what was refused
 * though it is possible, by cause.
 *
 * Run: npm run bench:grammar -- [histories = 1000000] [first seed = by chance] [accounts = usual | dense | misread]
 * In CI: npm run test:grammar, which reads the same 10,000 histories each time.
 * Exit code 1 when a reading lost or repeated a pin, or in usual accounts fewer than 95 % of the possible ones were exact.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type Account, TIMES_OF } from '../../test/support/grammar/account-times.ts'
import { addTotals, type HistoryTotals, noHistories, readHistories } from '../../test/support/grammar/read-histories.ts'

/** Histories that a process reads before it reports. */
const PART = 500

const [histories = 1_000_000, firstSeed = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2, 4).map(Number)
const account = (process.argv[4] ?? 'usual') as Account
if (!(account in TIMES_OF)) throw new RangeError(`expected usual, dense or misread accounts, got ${account}`)
if (process.send) process.on('message', (seed: number) => void readPart(seed))
else await readAll()

async function readPart(seed: number): Promise<void> {
  process.send?.(await readHistories(seed, Math.min(PART, firstSeed + histories - seed), {}, account))
}

async function readAll(): Promise<void> {
  process.stdout.write(`${histories} histories of ${account} accounts from seed ${firstSeed}\n`)
  const startedAt = performance.now()
  const seconds = (): number => Math.round((performance.now() - startedAt) / 1000)
  const totals = noHistories()
  let seed = firstSeed
  const readInProcess = async (): Promise<void> => {
    const child = fork(fileURLToPath(import.meta.url), [String(histories), String(firstSeed), account])
    const died = once(child, 'exit').then(([code]) => Promise.reject(new Error(`A process ended with ${code}`)))
    while (seed < firstSeed + histories) {
      child.send(seed)
      seed += PART
      const [part] = await Promise.race([once(child, 'message') as Promise<[HistoryTotals]>, died])
      addTotals(totals, part)
      // At once, since a long run may be stopped before its end.
      for (const mistake of part.mistakes) process.stdout.write(`${mistake}\n`)
      if (totals.histories % 10_000 === 0) process.stderr.write(`${totals.histories} after ${seconds()} s\n`)
    }
    died.catch(() => {})
    child.kill()
  }
  await Promise.all(Array.from({ length: availableParallelism() }, readInProcess))

  const { pins, requests, possible, exact, refused, mistakes, causes } = totals
  process.stdout.write('Refused though possible:\n')
  for (const [cause, { times, seed: example }] of Object.entries(causes).sort(([, a], [, b]) => b.times - a.times)) {
    process.stdout.write(`${String(times).padStart(8)}  ${cause}, as at seed ${example}\n`)
  }
  const share = (exact / possible) * 100
  process.stdout.write(
    `${pins} pins, ${requests} requests, ${seconds()} s: ${possible} possible, of which ${exact} exact (${share.toFixed(2)} %); ${refused} refused in all; ${mistakes.length} mistakes\n`,
  )
  process.exitCode = mistakes.length > 0 || (account === 'usual' && share < 95) ? 1 : 0
}
