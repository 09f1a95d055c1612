const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not use it',
  EBUSY: 'something else uses it',
  EDQUOT: 'the quota of this user is used up',
  EEXIST: 'there is a file of this name already',
  EFBIG: 'it would be larger than its file system allows',
  EISDIR: 'it is a directory',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'there is no such file or directory',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is a file, not a directory',
  EPERM: 'this user may not use it',
  EROFS: 'its file system cannot be written',
}

/** The system refuses a file or directory. The message says why in words. `code` is that of the system. */
export class FileTroubleError extends Error {
  override readonly name = 'FileTroubleError'
  readonly code: string | undefined

  /** @param what names what could not be done, such as `Cannot open /a/b` */
  constructor(what: string, { cause }: { cause: unknown }) {
    super(`${what}: ${fileTrouble(cause)}`, { cause })
    this.code = (Object(cause) as { code?: string }).code
  }
}

/** Says in words, with the code behind them, why the system refuses a file: `it is a directory (EISDIR)`. */
export function fileTrouble(error: unknown): string {
  const { code } = Object(error) as { code?: unknown }
  const words = typeof code === 'string' ? WORDS[code] : undefined
  if (words !== undefined) return `${words} (${code})`
  return error instanceof Error ? error.message : String(error)
}
