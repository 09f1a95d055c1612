import { expect, it } from 'vitest'
import { MemoryWriteRecords } from '../../src/upstream/writes/memory-write-records.ts'
import { RecordsUnavailableError } from '../../src/upstream/writes/records-unavailable.ts'
import { newPin, refOf, startWriteSetup } from '../support/writes/start-write-setup.ts'

type Operation = 'find' | 'begin' | 'finish' | 'forget' | 'markUnknown'

/** Records on a disk that is full for some operations. */
class FullRecords extends MemoryWriteRecords {
  readonly full = new Set<Operation>()

  override find(...args: Parameters<MemoryWriteRecords['find']>) {
    return this.#unlessFull('find') ?? super.find(...args)
  }
  override begin(...args: Parameters<MemoryWriteRecords['begin']>) {
    return this.#unlessFull('begin') ?? super.begin(...args)
  }
  override finish(...args: Parameters<MemoryWriteRecords['finish']>) {
    return this.#unlessFull('finish') ?? super.finish(...args)
  }
  override forget(...args: Parameters<MemoryWriteRecords['forget']>) {
    return this.#unlessFull('forget') ?? super.forget(...args)
  }

  #unlessFull(operation: Operation): Promise<never> | null {
    return this.full.has(operation) ? Promise.reject(new RecordsUnavailableError('the disk is full')) : null
  }
}

async function start() {
  const writeRecords = new FullRecords(() => 0)
  const setup = await startWriteSetup({ writeRecords, provider: 'pinql' })
  return { ...setup, full: writeRecords.full, [Symbol.asyncDispose]: () => setup[Symbol.asyncDispose]() }
}

it('a change that cannot be recorded is not sent, and says so', async () => {
  await using setup = await start()
  setup.full.add('begin')
  await expect(setup.run(setup.tenant.addPin(newPin(1), 'key'))).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    mayHaveActed: false,
    message: 'one was not asked for a change: the gateway cannot keep its records of changes (the disk is full)',
  })
  expect(setup.service.requests.filter(({ method }) => method === 'POST')).toEqual([])
})

it('a change whose result cannot be recorded is answered with its pin, and its key finds the same pin later', async () => {
  await using setup = await start()
  setup.full.add('finish')
  const pin = await setup.run(setup.tenant.addPin(newPin(1), 'key'))
  setup.full.clear()
  const again = await setup.run(setup.tenant.addPin(newPin(1), 'key'))
  expect(again.requestId).toBe(pin.requestId)
})

it('a replacement whose record cannot be read is not sent', async () => {
  await using setup = await start()
  const pin = await setup.run(setup.tenant.addPin(newPin(1), 'key'))
  setup.full.add('find')
  await expect(setup.run(setup.tenant.replacePin(refOf(pin), { name: 'new' }, 'other'))).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    mayHaveActed: false,
  })
})

it('a change is not sent while the memory is full of changes whose outcome is not known, and says so', async () => {
  const writeRecords = new MemoryWriteRecords(() => 0, { maxBytes: 100, maxBytesPerTenant: 100 })
  await using setup = await startWriteSetup({ writeRecords, provider: 'pinql' })
  await expect(setup.run(setup.tenant.addPin(newPin(1), 'key'))).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    mayHaveActed: false,
    message:
      'one was not asked for a change: the gateway cannot keep its records of changes (its memory for them is full of changes whose outcome is not known yet)',
  })
  expect(setup.service.requests.filter(({ method }) => method === 'POST')).toEqual([])
})
