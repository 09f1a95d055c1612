import { join } from 'node:path'
import { expect, it } from 'vitest'
import { seedPin, storedPins } from '../../support/embedded/stored-pins.ts'
import { spawnCli } from '../../support/spawn-cli.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** Nobody has it, so its pin is being fetched until it stalls. */
const CID = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

it.each([
  ['serve', 'SIGTERM'],
  ['serve', 'SIGINT'],
  ['pinning-service', 'SIGTERM'],
  ['pinning-service', 'SIGINT'],
] as const)('pinql %s that gets %s while it starts stops in order, and interrupts no pin', async (command, signal) => {
  await using folder = await temporaryFolder()
  const dataDir = join(folder.path, 'data')
  await seedPin(dataDir, CID)
  await using cli = spawnCli([command, '--port', '0', '--data-dir', dataDir], { cwd: folder.path })
  await expect.poll(() => storedPins(dataDir), { interval: 1 }).toMatchObject([{ status: 'pinning' }])
  cli.kill(signal)
  expect(await cli.exitCode).toBe(0)
  expect(await storedPins(dataDir)).toEqual([{ status: 'queued', interruptions: null }])
})
