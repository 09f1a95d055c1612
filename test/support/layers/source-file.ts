import { posix } from 'node:path'

/** A file and the modules that it imports. */
export type SourceFile = {
  /** From the folder that is checked, such as `src`, with slashes: `live/poll.ts`. */
  readonly path: string
  /** As they are written in the file: `../upstream/tenant.ts`, `multiformats/cid`. */
  readonly imports: readonly string[]
}

/** Returns the files that a file imports, from `src`. A file outside of `src` begins with `../`. */
export function importedFiles({ path, imports }: SourceFile): string[] {
  return imports.filter(isRelative).map((name) => posix.join(posix.dirname(path), name))
}

/** Returns the packages and built-in modules that a file imports: `multiformats/cid`, `node:fs`. */
export function importedPackages({ imports }: SourceFile): string[] {
  return imports.filter((name) => !isRelative(name))
}

function isRelative(name: string): boolean {
  return name.startsWith('.')
}
