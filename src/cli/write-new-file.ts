import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileTrouble } from '../storage/file-trouble.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Codes of file systems without hard links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

/**
 * Writes a file that must not exist yet. It has its name only once it is complete: until then, its name ends in `.part`.
 *
 * After a failure, and after a signal that stops the process, nothing is left of it. Only the owner may read it.
 *
 * @param path absolute path
 * @param fill writes the file piece by piece. The file is made at the first piece, so that a failed start makes none.
 * @returns what `fill` returns
 * @throws {Error} in words, when there is a file of this name, or when the system refuses to write it
 */
export async function writeNewFile<Result>(
  path: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<Result>,
): Promise<Result> {
  // A draft of a killed process is left alone. In containers, all processes have the same id.
  const draft = `${path}.${process.pid}-${Date.now().toString(36)}.part`
  const stop = new AbortController()
  const onSignal = (): void => stop.abort(new Error(`The writing of ${path} was interrupted: nothing is left of it`))
  for (const name of SIGNALS) process.once(name, onSignal)
  let output: FileHandle | null = null
  try {
    await refuseExisting(path)
    const result = await fill(async (bytes) => {
      stop.signal.throwIfAborted()
      try {
        output ??= await open(draft, 'wx', 0o600)
        await output.appendFile(bytes)
      } catch (cause) {
        throw cannotWrite(path, cause)
      }
    })
    stop.signal.throwIfAborted()
    await (output as FileHandle | null)?.sync()
    if (output) await giveName(draft, path)
    return result
  } finally {
    await (output as FileHandle | null)?.close()
    if (output) await rm(draft, { force: true })
    for (const name of SIGNALS) process.removeListener(name, onSignal)
  }
}

/** Gives the draft its name, which no other file may have got meanwhile. */
async function giveName(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path)
  } catch (cause) {
    if (!NO_LINKS.includes(String((cause as NodeJS.ErrnoException).code))) throw cannotWrite(path, cause)
    await refuseExisting(path)
    await rename(draft, path)
  }
}

async function refuseExisting(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null)
  if (!found) return
  const what = found.isDirectory() ? 'it is a directory (EISDIR)' : 'it exists, and is not overwritten (EEXIST)'
  throw new Error(`Cannot write ${path}: ${what}`)
}

function cannotWrite(path: string, cause: unknown): Error {
  const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
  const why = isMissing ? `there is no directory ${dirname(path)} (ENOENT)` : fileTrouble(cause)
  return new Error(`Cannot write ${path}: ${why}`, { cause })
}
