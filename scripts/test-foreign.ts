// Reads and changes pins at servers that nobody here wrote, installed from npm into a temporary folder, once with what the
// configuration would say of them, and once as a stranger. Skipped with a message when the registry cannot be reached, which is a failure under CI=true.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseCid } from '../src/domain/cid.ts'
import { PinNotFoundError, UnauthorizedError } from '../src/domain/errors.ts'
import { PIN_STATUSES, type Pin } from '../src/domain/pin.ts'
import type { PinRef } from '../src/domain/pin-id.ts'
import { comparePositions } from '../src/domain/pin-order.ts'
import type { PinQuery } from '../src/upstream/http/list-query.ts'
import { PinStream } from '../src/upstream/reading/streams/pin-stream.ts'
import type { Tenant } from '../src/upstream/tenant/tenant.ts'
import { exampleCid, exampleCidV0 } from '../test/support/providers/example-cid.ts'
import { createTestRegistry } from '../test/support/upstream/create-test-registry.ts'
import { FOREIGN_SERVERS, type ForeignServer } from './foreign-servers.ts'

const ALL = { statuses: PIN_STATUSES }
const NAMES = ['Alpha', 'alpha', 'Alphabet', 'other', null]

for (const server of FOREIGN_SERVERS) {
  const folder = await mkdtemp(join(tmpdir(), 'pinql-foreign-'))
  try {
    if (await install(server, folder)) await check(server, folder)
    else if (process.env.CI) throw new Error(`${server.name} could not be installed`)
    else process.stdout.write(`${server.name}: skipped, since the registry could not be reached\n`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function install({ dependencies, overrides }: ForeignServer, folder: string): Promise<boolean> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies, overrides }))
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const [code] = await once(spawn('npm', args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] }), 'exit')
  return code === 0
}

async function check({ name, start, known, hides }: ForeignServer, folder: string): Promise<void> {
  for (const isStranger of [false, true]) {
    await writeFile(join(folder, 'start.mjs'), start)
    const child = spawn(process.execPath, ['start.mjs'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const endpoint = `http://127.0.0.1:${await portOf(child.stdout)}`
      await using registry = createTestRegistry(
        [{ name: 'one', endpoint, token: 'secret', ...(isStranger ? { provider: null } : known) }],
        'one',
      )
      await checkTenant(registry.tenant('one', null), isStranger ? hides : [])
      await assert.rejects(registry.tenant('one', 'wrong').getPin('x'), UnauthorizedError)
    } finally {
      const exited = once(child, 'exit')
      child.kill()
      await exited
    }
    process.stdout.write(`${name}, ${isStranger ? 'as a stranger' : 'configured'}: passed\n`)
  }
}

/** The server may print other lines before. */
async function portOf(stdout: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stdout })) {
    const port = /^PORT (\d+)$/.exec(line)?.[1]
    if (port) {
      stdout.resume()
      return port
    }
  }
  throw new Error('The server ended before it listened')
}

async function checkTenant(tenant: Tenant, hides: ForeignServer['hides']): Promise<void> {
  assert.deepEqual(await tenant.collectPins(ALL), [])
  const added: Pin[] = []
  for (let n = 0; n < 30; n++) {
    const meta: Record<string, string> = n % 2 === 0 ? { app: 'blog' } : {}
    added.push(
      await tenant.addPin(
        { cid: parseCid(exampleCid(n)), name: NAMES[n % 5] ?? null, origins: [], meta },
        randomUUID(),
      ),
    )
  }
  const expected = added.toSorted(comparePositions)
  const check = async (query: PinQuery, isWanted: (pin: Pin) => boolean): Promise<void> => {
    const wanted = idsOf(expected.filter(isWanted))
    assert.deepEqual(idsOf(await tenant.collectPins(query)), wanted)
    assert.ok([null, wanted.length].includes(await tenant.countPins(query)))
  }
  const nameOf = (pin: Pin): string => pin.name ?? ''

  assert.deepEqual(await readInPages(tenant), idsOf(expected))
  await check(ALL, () => true)
  await check({ ...ALL, name: 'alpha' }, (pin) => nameOf(pin) === 'alpha')
  if (!hides.includes('names')) {
    await check({ ...ALL, name: 'ALPHA', match: 'iexact' }, (pin) => nameOf(pin).toLowerCase() === 'alpha')
    await check({ ...ALL, name: 'lpha', match: 'partial' }, (pin) => nameOf(pin).includes('lpha'))
    await check({ ...ALL, name: 'LPHAB', match: 'ipartial' }, (pin) => nameOf(pin) === 'Alphabet')
  }
  if (!hides.includes('meta')) await check({ ...ALL, meta: { app: 'blog' } }, (pin) => pin.meta.app === 'blog')
  await check({ ...ALL, cids: [parseCid(exampleCid(7))] }, (pin) => pin.cid.text === exampleCid(7))
  const { text, ns } = (expected[10] as Pin).created
  await check({ ...ALL, before: text }, (pin) => pin.created.ns < ns)
  await check({ ...ALL, after: text }, (pin) => pin.created.ns > ns)
  await check({ statuses: ['failed'] }, () => false)

  const [first, second, third] = added as [Pin, Pin, Pin]
  const cid = hides.includes('versions') ? exampleCid(0) : exampleCidV0(0)
  assert.deepEqual(idsOf([...(await tenant.lookupContent(parseCid(cid)))]), [first.requestId])
  const replaced = await tenant.replacePin(refOf(first), { cid: parseCid(exampleCid(99)) }, randomUUID())
  const { name, meta } = first
  assert.deepEqual(partsOf(await tenant.getPin(replaced.requestId)), { cid: exampleCid(99), name, meta })
  const renamed = await tenant.replacePin(refOf(third), { name: 'renamed' }, randomUUID())
  const kept = { ...partsOf(third), name: 'renamed' }
  assert.deepEqual(partsOf(await tenant.getPin(renamed.requestId)), kept)
  await tenant.removePin(second.requestId)
  await assert.rejects(tenant.getPin(second.requestId), PinNotFoundError)
  const left = [replaced.requestId, renamed.requestId, ...idsOf(added.slice(3))]
  assert.deepEqual(new Set(idsOf(await tenant.collectPins(ALL))), new Set(left))
}

async function readInPages(tenant: Tenant): Promise<string[]> {
  const stream = new PinStream(tenant.reads, ALL, { expected: 7 })
  const seen: Pin[] = []
  for (let next = await stream.peek(); next; next = await stream.peek()) {
    seen.push(next)
    stream.shift()
  }
  return idsOf(seen)
}

function refOf({ requestId, cid }: Pin): PinRef {
  return { service: 'one', requestId, cid: cid.text }
}

function partsOf({ cid, name, meta }: Pin) {
  return { cid: cid.text, name, meta }
}

function idsOf(pins: readonly Pin[]): string[] {
  return pins.map(({ requestId }) => requestId)
}
