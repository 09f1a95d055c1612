import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { prepareDataDirectory } from '../../../../src/server/services/data-directory.ts'
import { readSecretFile } from '../../../../src/server/services/secret-file.ts'
import { lockDirectory } from '../../../../src/storage/lock-directory.ts'
import { openDirectoryWarning } from '../../../../src/storage/private-files.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let dataDir: string
beforeEach(async () => {
  folder = await temporaryFolder()
  dataDir = join(folder.path, 'data')
  await mkdir(dataDir, { mode: 0o700 })
})
afterEach(() => folder[Symbol.asyncDispose]())

async function putSecret(content: string, mode: number): Promise<string> {
  const path = join(dataDir, 'gateway-token')
  await writeFile(path, content)
  await chmod(path, mode)
  return path
}

describe('a file with a secret', () => {
  it.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['short', 'has another content'],
    ['two words that are long enough', 'has another content'],
    ['\u0000'.repeat(43), 'has another content'],
  ])('is refused without a secret, with the cure: %j', async (content, found) => {
    const path = await putSecret(content, 0o600)
    await expect(readSecretFile(dataDir, 'gateway-token')).rejects.toMatchObject({
      name: 'SecretFileError',
      message: `${path} ${found}: expected a secret of 16 to 1,024 letters, digits or signs; remove the file, and pinql makes a new one`,
    })
  })

  it.each([0o644, 0o640, 0o604, 0o620])('is refused when others may use it, with the cure: mode %o', async (mode) => {
    const path = await putSecret('a-secret-of-somebody', mode)
    await expect(readSecretFile(dataDir, 'gateway-token')).rejects.toMatchObject({
      name: 'OpenToOthersError',
      message: expect.stringContaining(`its mode 0${mode.toString(8)} lets others use it: run chmod 600 ${path}`),
    })
  })

  it('may be written by hand', async () => {
    const path = await putSecret('a-secret-of-somebody\n', 0o400)
    expect(await readSecretFile(dataDir, 'gateway-token')).toEqual({ secret: 'a-secret-of-somebody', path })
  })
})

describe('an existing data directory', () => {
  it('is refused when everybody may write in it, with the cure', async () => {
    await chmod(dataDir, 0o777)
    const message = `The data directory ${dataDir} has the mode 0777, so that everybody on this machine may write in it: run chmod 700 ${dataDir}, or name a directory inside it, which pinql then makes for itself`
    await expect(prepareDataDirectory(dataDir)).rejects.toMatchObject({ name: 'DataDirectoryError', message })
    await expect(lockDirectory(dataDir)).rejects.toMatchObject({ name: 'OpenToOthersError', message })
    await prepareDataDirectory(join(dataDir, 'own'))
  })

  it('is used with a warning when others may look into it', async () => {
    await chmod(dataDir, 0o755)
    await prepareDataDirectory(dataDir)
    expect(openDirectoryWarning(dataDir)).toBe(
      `The data directory ${dataDir} has the mode 0755, so that others on this machine may look into it or change it: chmod 700 ${dataDir} closes it`,
    )
    await chmod(dataDir, 0o700)
    expect(openDirectoryWarning(dataDir)).toBeNull()
  })
})
