import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compliant } from '../../support/providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { Refusal } from '../../support/providers/refusal.ts'
import { spawnCli } from '../../support/spawn-cli.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import type { ClientPlace } from '../support/client-program.ts'
import { runCommand } from '../support/run-command.ts'
import { LOCK_FILE, prepareOnce, programFile } from './prepare-app.ts'

/** A client that pages a long list, one page of which fails once, and then removes a pin, which fails once too. */
export interface PagedClient {
  readonly name: string
  /** As `ClientProgram.needs`. */
  readonly needs: readonly string[]
  /** As `ClientProgram.lockFile`. */
  readonly lockFile: string
  /**
   * Prepares the client and lets it page 1,000 pins of the built package. It then removes the newest pin, twice: the first
   * removal fails.
   *
   * @returns words for the line of the runner
   * @throws {AssertionError} when it lost, repeated or mixed up pins, showed less after the page or the removal that failed, or
   *   still showed the pin that was removed
   */
  check(place: ClientPlace): Promise<string>
}

const PINS = 1_000
const PAGE = 100
/** A pin in the middle of the sixth page, which fails. */
const FAILING = 'pin 0450'
/** The oldest pin. The removal that follows its page fails. */
const LAST = 'pin 0001'
/** The gateway tries nothing again that was refused so. */
const REFUSED = new Refusal(418, 'TEAPOT', 'Not now')
const TOKEN = 'alice-token'

/** The clients whose own ways of paging the documentation shows. */
export const PAGED_CLIENTS: readonly PagedClient[] = ['relay', 'apollo', 'urql'].map((client) => ({
  name: `${client}-paging`,
  needs: ['npm'],
  lockFile: LOCK_FILE,
  async check(place) {
    await prepareOnce(place)
    await using service = await startEmulatedProvider({ ...compliant, broken: REFUSED })
    const names = seed(service)
    const failed = failTwice(service)
    const command = { command: process.execPath, args: [programFile(place, `paging/${client}`)] }
    const stdout = await withGateway(service, (url) =>
      runCommand({ ...command, env: { PINQL_URL: url } }, { timeoutMs: 120_000 }),
    )

    const removals = service.requests.filter(({ operation }) => operation === 'remove').map(({ status }) => status)
    assert.equal(failed(), 1, 'lists that the service refused')
    assert.deepEqual(removals, [REFUSED.status, 202], 'answers of the service to removals')
    assert.deepEqual(JSON.parse(stdout), {
      client,
      counts: Array.from({ length: PINS / PAGE }, (_, index) => (index + 1) * PAGE),
      failures: [`SERVICE_ERROR: ${PINS / 2} shown`],
      names,
      removal: { error: 'SERVICE_ERROR', kept: names },
      left: names.slice(1),
      ...(client === 'apollo' && { some: { names: [names[1], null], failures: ['nodes.1: BAD_REQUEST'] } }),
    })
    return `${PINS} pins in ${PINS / PAGE} pages, one of which failed at first, as did a removal`
  },
}))

/** Returns the names of the pins, newest first. */
function seed(service: EmulatedProvider): string[] {
  const pins = Array.from({ length: PINS }, (_, index) => ({
    cid: exampleCid(index),
    name: `pin ${String(index + 1).padStart(4, '0')}`,
  }))
  service.seed(TOKEN, pins)
  return pins.map(({ name }) => name).reverse()
}

/**
 * Lets the page of `FAILING`, and the removal after the page of `LAST`, fail once.
 *
 * Returns how often the page failed.
 */
function failTwice(service: EmulatedProvider): () => number {
  let failed = 0
  service.hooks.beforeReply = ({ query }, reply) => {
    // The gateway also requests longer lists, to find out how the service sorts.
    if (Number(query.get('limit')) > 2 * PAGE) return undefined
    if (reply.body.includes(LAST)) service.breakNext(1)
    if (failed === 1 || !reply.body.includes(FAILING)) return undefined
    failed++
    return { ...reply, status: REFUSED.status, body: '{}' }
  }
  return () => failed
}

/** Runs the built package in front of the service. */
async function withGateway<Result>(service: EmulatedProvider, use: (url: string) => Promise<Result>): Promise<Result> {
  await using folder = await temporaryFolder()
  // JSON is YAML.
  const services = { local: { endpoint: service.endpoint, token: TOKEN } }
  await writeFile(join(folder.path, 'pinql.config.yaml'), JSON.stringify({ port: 0, services }))
  await using gateway = spawnCli(['serve'], { cwd: folder.path })
  const [url] = await gateway.output(/http:\/\/\S+\/graphql/)
  return await use(url)
}
