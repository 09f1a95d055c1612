import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startEndlessService } from '../../support/endless-service.ts'
import { expectInTime } from '../../support/expect-in-time.ts'
import { openEventStream } from '../../support/live-transport/event-stream.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { spawnCli } from '../../support/spawn-cli.ts'
import { ALICE } from '../../support/start-test-api.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** Of the largest heap that the gateway may have. Without a bound, lists fill it within seconds. */
const HEAP_MB = 200
/** Pins take a quarter of the heap for reads, and one for caches. So these are several heaps. */
const LISTS = 300

const TOO_MANY = /^endless lists more than the gateway has memory for: it stopped at \d+ pins$/

it.each([
  ['all of its pins', ''],
  ['few of its pins', ', filter: { name: "mine" }'],
])(
  'a service whose lists never end costs a subscription to %s a typed error, and nobody else anything',
  async (_what, selection) => {
    await using endless = await startEndlessService()
    await using honest = await startEmulatedProvider(compliant)
    honest.seed(ALICE, [{ cid: exampleCid(1), name: 'here', status: 'pinned' }])
    await using folder = await temporaryFolder()
    const services = {
      honest: { endpoint: honest.endpoint, token: ALICE },
      endless: { endpoint: endless.endpoint, token: 'token' },
    }
    await writeFile(join(folder.path, 'pinql.config.yaml'), JSON.stringify({ defaultService: 'honest', services }))
    await using gateway = spawnCli(['serve', '--port', '0'], {
      cwd: folder.path,
      isSource: true,
      nodeOptions: [`--max-old-space-size=${HEAP_MB}`],
    })
    const [url = ''] = await gateway.output(/http:\/\/127\.0\.0\.1:\d+\/graphql/)
    const problems: { code: string; message: string }[] = []
    let isOver = false

    /** Subscribes again whenever the subscription ends. Notes errors, by which it ends, and those of a `STALE`. */
    async function watch(): Promise<void> {
      while (!isOver) {
        const query = `subscription { pinsChanged(services: "endless"${selection}) { kind error { code message } } }`
        const stream = await openEventStream(url, { query })
        for await (const { data } of stream.events) {
          const { data: answer, errors = [] } = JSON.parse(data || '{}')
          for (const { message, extensions } of errors) problems.push({ code: extensions.code, message })
          if (answer?.pinsChanged?.error) problems.push(answer.pinsChanged.error)
          if (isOver) stream.close()
        }
      }
    }
    const watching = watch().catch((error: unknown) => {
      if (!isOver) throw error
    })
    const askHonestly = async (): Promise<void> => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ pins { nodes { name } } }' }),
      })
      expect(await response.json()).toEqual({ data: { pins: { nodes: [{ name: 'here' }] } } })
      expect((await fetch(new URL('/health', url))).status).toBe(200)
    }
    while (endless.lists < LISTS) await expectInTime({ 'the wait of an honest caller': 2_000 }, askHonestly)
    isOver = true
    await gateway[Symbol.asyncDispose]()
    await watching

    expect(problems).not.toEqual([])
    for (const { code, message } of problems) {
      expect(code).toBe('MALFORMED_RESPONSE')
      expect(message).toMatch(TOO_MANY)
    }
  },
)
