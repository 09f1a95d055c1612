import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startAttackedGateway } from '../../support/attacked/start-attacked-gateway.ts'

it('attacks are seen: what stops the gateway, what keeps it from answering, and what ends it', async () => {
  await using gateway = await startAttackedGateway()
  expect(await gateway.brokenPromises(() => fetch(gateway.url))).toEqual([])

  const stopped = await gateway.brokenPromises(async () => {
    process.kill(gateway.pid, 'SIGSTOP')
    // The times that are promised, and the time that a busy machine takes to begin to look.
    await delay(4_000)
    process.kill(gateway.pid, 'SIGCONT')
  })
  expect(stopped).toEqual([
    expect.stringMatching(/^Milliseconds for which \/health was silent/),
    expect.stringMatching(/^Milliseconds for which an honest caller waited/),
  ])

  const kept = await gateway.brokenPromises(() => fetch(gateway.url), { maxKeptBytes: -1e9 })
  expect(kept).toEqual([expect.stringMatching(/^Bytes that were kept/)])

  const ended = await gateway.brokenPromises(async () => process.kill(gateway.pid, 'SIGKILL'))
  expect(ended).toEqual([expect.stringMatching(/^The process ended with null/)])
})
