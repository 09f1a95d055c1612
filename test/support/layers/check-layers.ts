import { importedFiles, importedPackages, type SourceFile } from './source-file.ts'

/** A folder or file → the folders and files that it may import, besides what it contains. */
export type Layers = Readonly<Record<string, readonly string[]>>

/** A package, a scope of packages or a built-in module, with all below it → the folders and files that may import it. */
export type Packages = Readonly<Record<string, readonly string[]>>

/**
 * Holds the imports of all files against two tables. Returns one sentence for each import that a table does not allow, for each
 * folder and package that a table does not name, and for each entry of a table that no file needs. An empty list: all is well.
 *
 * Of several rows, or entries of a row, that contain a file, the longest counts: `server/caller` before `server`.
 */
export function checkLayers(files: readonly SourceFile[], layers: Layers, packages: Packages): string[] {
  const wrong: string[] = []
  const needed = new Set<string>()

  for (const file of files) {
    const { path } = file
    const room = closest(path, Object.keys(layers))
    if (room === undefined) wrong.push(`${path}: LAYERS has no row for its folder`)
    else {
      needed.add(room)
      const allowed = layers[room] ?? []
      for (const target of importedFiles(file)) {
        const entry = closest(target, [room, ...allowed])
        if (entry !== undefined) needed.add(`${room} → ${entry}`)
        else wrong.push(`${path} imports ${target}, but ${room} may import ${listed(allowed)}`)
      }
    }
    for (const name of importedPackages(file)) {
      const row = closest(name, Object.keys(packages))
      if (row === undefined) {
        wrong.push(`${path} imports ${name}, but PACKAGES has no row for it`)
        continue
      }
      const allowed = packages[row] ?? []
      const entry = closest(path, allowed)
      if (entry !== undefined) needed.add(`${row} ← ${entry}`)
      else wrong.push(`${path} imports ${name}, but ${row} may be imported by ${listed(allowed)}`)
    }
  }

  for (const [room, allowed] of Object.entries(layers)) {
    if (!needed.has(room)) wrong.push(`LAYERS has a row for ${room}, but no file is there`)
    else wrong.push(...surplus(allowed, (entry) => needed.has(`${room} → ${entry}`), `LAYERS: ${room} does not import`))
  }
  for (const [row, allowed] of Object.entries(packages)) {
    wrong.push(...surplus(allowed, (entry) => needed.has(`${row} ← ${entry}`), `PACKAGES: ${row} is not imported by`))
  }
  return wrong
}

/** Returns the longest of `rooms` that is the path or contains it. */
function closest(path: string, rooms: readonly string[]): string | undefined {
  return rooms.filter((room) => path === room || path.startsWith(`${room}/`)).sort((a, b) => b.length - a.length)[0]
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : `${names.join(', ')} only`
}

function surplus(entries: readonly string[], isNeeded: (entry: string) => boolean, text: string): string[] {
  return entries.filter((entry) => !isNeeded(entry)).map((entry) => `${text} ${entry}: remove the entry`)
}
