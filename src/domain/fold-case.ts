/**
 * Folds the case of all Unicode letters, for the matches `iexact` and `ipartial`. Names match if their folded forms do.
 *
 * `ß` folds as `ss`, a final sigma as any other, and a letter with its accent as two characters (as macOS writes file names) as the same
 * letter in one. The embedded service stores folded names: whoever changes this function must upgrade them.
 */
export function foldCase(name: string): string {
  // Upper case comes last, since only small letters have two forms of one letter. It takes some letters apart.
  return name.normalize().toLowerCase().toUpperCase().normalize()
}
