import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { compliant } from '../../support/providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { ALICE } from '../../support/writes/start-write-setup.ts'

const ADD = `mutation ($input: AddPinInput!) {
  addPin(input: $input) { pin { requestId meta } error { message } idempotencyKey }
}`
const INPUT = { cid: exampleCid(1), name: 'n', meta: { app: 'blog' }, idempotencyKey: 'my key' }

/** Sends an add through a gateway of its own process, and kills that before the answer comes. */
async function addAndKill(service: EmulatedProvider, dataDir: string): Promise<void> {
  const script = fileURLToPath(new URL('../../support/writes/gateway-process.ts', import.meta.url))
  const args = ['--import', 'tsx', script, dataDir, service.endpoint, ALICE]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  try {
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
    service.hooks.afterCommit = async () => {
      service.hooks.afterCommit = undefined
      child.kill('SIGKILL')
      await exit
      return 'drop' as const
    }
    const body = JSON.stringify({ query: ADD, variables: { input: INPUT } })
    const headers = { 'content-type': 'application/json' }
    await expect(fetch(url, { method: 'POST', headers, body })).rejects.toThrow()
  } finally {
    child.kill('SIGKILL')
    await exit
  }
}

it('makes one pin for a key when the gateway is killed before the answer comes, and started again', {
  timeout: 60_000,
}, async () => {
  await using folder = await temporaryFolder()
  await using service = await startEmulatedProvider(compliant)
  await addAndKill(service, folder.path)
  expect(service.pins(ALICE)).toHaveLength(1)
  await expectNoSecrets(folder.path)

  const services = { one: { endpoint: service.endpoint, token: ALICE } }
  await using gateway = await startTestGateway({ dataDir: folder.path, services })
  const answers = [await gateway.query(ADD, { input: INPUT }), await gateway.query(ADD, { input: INPUT })]

  const pin = { requestId: service.pins(ALICE)[0]?.requestId, meta: { app: 'blog' } }
  const success = { data: { addPin: { pin, error: null, idempotencyKey: 'my key' } } }
  expect(answers).toEqual([success, success])
  expect(service.count('POST')).toBe(1)
})

/** Expects that the files for the next start contain the write but no token, and that only their owner may read them. */
async function expectNoSecrets(dataDir: string): Promise<void> {
  const names = ['writes.db', 'writes.db-wal', 'tenant-secret']
  const files = await Promise.all(names.map((name) => readFile(`${dataDir}/${name}`, 'latin1')))
  const modes = await Promise.all(names.map(async (name) => (await stat(`${dataDir}/${name}`)).mode & 0o077))
  expect(files.some((text) => text.includes(exampleCid(1)))).toBe(true)
  expect(files.filter((text) => text.includes(ALICE))).toEqual([])
  expect(modes).toEqual([0, 0, 0])
}
