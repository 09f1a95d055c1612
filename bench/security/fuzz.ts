/**
 * Sends a gateway odd input of one kind for minutes, and says which promises it broke: it lives, `/health` answers within a second, an
 * honest query within two, memory stays flat, no bug is logged. The gateway is the command in a process with a heap of 512 MB.
 *
 * Run: npm run bench:fuzz -- [documents|http|frames|answers] [minutes] [seed]
 * Without a kind all run, one after another, for ten minutes each. The seed is printed. The exit code is 1 if a promise was broken.
 */
import { randomInt } from 'node:crypto'
import { loadavg } from 'node:os'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { openAnswers } from './answers.ts'
import { openDocuments } from './documents.ts'
import { openFrames } from './frames.ts'
import type { OpenFuzzer } from './fuzzer.ts'
import { openHttp } from './http.ts'

const FUZZERS: Readonly<Record<string, OpenFuzzer>> = {
  documents: openDocuments,
  http: openHttp,
  frames: openFrames,
  answers: openAnswers,
}
/** Inputs between two looks at what was promised. The seed of a round repeats it. */
const INPUTS_A_ROUND = 500
/** Compiled documents may take 64 MB, and what is learned of services and callers a little. */
const MAX_KEPT_BYTES = 96 * 1024 ** 2

const given = process.argv.slice(2)
const kinds = given[0] !== undefined && given[0] in FUZZERS ? [given.shift() as string] : Object.keys(FUZZERS)
const minutes = Number(given[0] ?? 10)
const firstSeed = Number(given[1] ?? randomInt(2 ** 30))
if (!(minutes > 0) || !Number.isInteger(firstSeed))
  throw new Error(`Expected minutes and a seed, got ${given.join(' ')}`)

// The client of graphql-ws leaves a rejected promise behind if its socket closes while it gives up an operation.
process.on('unhandledRejection', (reason) => {
  const isCloseEvent = typeof reason === 'object' && reason !== null && 'wasClean' in reason
  if (!isCloseEvent) throw reason
})
for (const kind of kinds) process.exitCode = (await fuzz(kind)) > 0 ? 1 : process.exitCode
process.exit()

/** Returns the number of rounds in which a promise was broken. */
async function fuzz(kind: string): Promise<number> {
  const open = FUZZERS[kind] as OpenFuzzer
  say(`${kind}: ${minutes} minutes from seed ${firstSeed}, load ${loadavg()[0]?.toFixed(1)}`)
  let fuzzer = await open()
  let [inputs, brokenRounds, seed] = [0, 0, firstSeed]
  for (const end = performance.now() + minutes * 60_000; performance.now() < end; seed++) {
    const random = seededRandom(seed)
    const sent: string[] = []
    const broken = await fuzzer.gateway.brokenPromises(() => fuzzer.attack(random, INPUTS_A_ROUND, sent), {
      maxKeptBytes: MAX_KEPT_BYTES,
    })
    inputs += sent.length
    if (broken.length === 0) continue
    brokenRounds++
    say(`${kind}: seed ${seed} broke ${broken.map((each) => each.slice(0, 1_500)).join('\n  and ')}`)
    say(
      `  The last inputs of ${sent.length}:\n${sent
        .slice(-3)
        .map((each) => `  ${each.slice(0, 2_000)}`)
        .join('\n')}`,
    )
    // The next round begins with a gateway that is well.
    await fuzzer[Symbol.asyncDispose]()
    fuzzer = await open()
  }
  await fuzzer[Symbol.asyncDispose]()
  say(
    `${kind}: ${inputs} inputs in ${seed - firstSeed} rounds, seeds ${firstSeed} to ${seed - 1}: ${brokenRounds} broke a promise`,
  )
  return brokenRounds
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
