import { importedFiles, type SourceFile } from './source-file.ts'

/**
 * Returns the circles of imports: groups of files each of which imports all the others of its group, directly or through them.
 * Imports of types count. Groups, and the paths in a group, are sorted.
 */
export function findCircles(files: readonly SourceFile[]): string[][] {
  const imports = new Map(files.map((file) => [file.path, importedFiles(file)]))
  const reached = new Map([...imports.keys()].map((path) => [path, reachedFrom(path, imports)]))

  const circles = new Map<string, string[]>()
  for (const [path, others] of reached) {
    if (!others.has(path)) continue
    const circle = [...others].filter((other) => reached.get(other)?.has(path)).sort()
    circles.set(circle.join(), circle)
  }
  return [...circles.keys()].sort().map((key) => circles.get(key) ?? [])
}

/** Returns the files that `start` imports, directly or through others. Contains `start` only if it is in a circle. */
function reachedFrom(start: string, imports: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>()
  const next = [start]
  for (let path = next.pop(); path !== undefined; path = next.pop()) {
    for (const target of imports.get(path) ?? []) {
      if (reached.has(target)) continue
      reached.add(target)
      next.push(target)
    }
  }
  return reached
}
