import { readdirSync, readFileSync } from 'node:fs'
import { readImports } from './read-imports.ts'
import type { SourceFile } from './source-file.ts'

/** Reads the imports of all TypeScript and JavaScript files of a folder, in the order of their paths. */
export function readSources(folder: URL): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.[cm]?[jt]sx?$/.test(path))
    .sort()
    .map((path) => ({ path, imports: readImports(path, readFileSync(new URL(path, folder), 'utf8')) }))
}
