/** Folds the case of all Unicode letters, for the matches `iexact` and `ipartial`. Final and medial sigma fold alike. */
export function foldCase(name: string): string {
  return name.toLowerCase().toUpperCase()
}
