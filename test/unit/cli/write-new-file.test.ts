import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeNewFile } from '../../../src/cli/write-new-file.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const bytes = Buffer.from('hello')

it('gives the file its name when it is complete, and not before', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'backup.car')
  const result = await writeNewFile(path, async (write) => {
    expect(await readdir(folder.path)).toEqual([])
    await write(bytes)
    await write(bytes)
    expect(await readdir(folder.path)).toEqual([expect.stringMatching(/^backup\.car\.\d+-\w+\.part$/)])
    return 'done'
  })
  expect(result).toBe('done')
  expect(await readdir(folder.path)).toEqual(['backup.car'])
  expect(await readFile(path, 'utf8')).toBe('hellohello')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

it('leaves nothing behind after a failure', async () => {
  await using folder = await temporaryFolder()
  const written = writeNewFile(join(folder.path, 'backup.car'), async (write) => {
    await write(bytes)
    throw new Error('the database is gone')
  })
  await expect(written).rejects.toThrow('the database is gone')
  expect(await readdir(folder.path)).toEqual([])
})

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('leaves nothing behind after %s', async (signal) => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'backup.car')
  const listeners = process.listenerCount(signal)
  const written = writeNewFile(path, async (write) => {
    await write(bytes)
    process.emit(signal)
    await write(bytes)
  })
  await expect(written).rejects.toThrow(`The writing of ${path} was interrupted: nothing is left of it`)
  expect(await readdir(folder.path)).toEqual([])
  expect(process.listenerCount(signal)).toBe(listeners)
})

it('overwrites no file that came meanwhile', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'backup.car')
  const written = writeNewFile(path, async (write) => {
    await write(bytes)
    await writeFile(path, 'other')
  })
  await expect(written).rejects.toThrow(`Cannot write ${path}: `)
  expect(await readdir(folder.path)).toEqual(['backup.car'])
  expect(await readFile(path, 'utf8')).toBe('other')
})
