import { readdirSync } from 'node:fs'

/**
 * The SDL of each release is kept in the repository: a clone without tags, a tarball and CI all have it, and no registry
 * has to be asked. One file per release lets clients compare any two of them.
 */
const RELEASES = new URL('../docs/releases/', import.meta.url)

/** The version of the newest release whose SDL is kept. */
export function newestRelease(files: readonly string[] = readdirSync(RELEASES)): string {
  const versions = files.flatMap((name) => /^schema-(.+)\.graphql$/.exec(name)?.[1] ?? [])
  const newest = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
  if (newest === undefined) throw new Error('Expected docs/releases to contain schema-VERSION.graphql')
  return newest
}

/** The file of one release. */
export function releasedSchema(version: string): URL {
  return new URL(`schema-${version}.graphql`, RELEASES)
}
