import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DirectoryInUseError, lockDirectory } from '../../../src/storage/lock-directory.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pinql-lock-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

it('lets one process lock a directory at a time', async () => {
  const path = join(directory, 'made', 'when', 'missing')
  const lock = await lockDirectory(path)
  await expect(lockDirectory(path)).rejects.toThrow(
    `${path} is in use by another pinql: stop that one, or name another data directory`,
  )
  await expect(lockDirectory(path)).rejects.toBeInstanceOf(DirectoryInUseError)
  lock[Symbol.dispose]()
  using _again = await lockDirectory(path)
})

it('reports other errors as they are, and not as a directory in use', async () => {
  const file = join(directory, 'file')
  writeFileSync(file, '')
  const error = await lockDirectory(join(file, 'below')).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'ENOTDIR' })
  expect(error).not.toBeInstanceOf(DirectoryInUseError)
})
