import { parseSync, Visitor } from 'oxc-parser'

/**
 * A relative path of a module, or the name of a built-in one, wherever the text stands: also in
 * `new Worker(new URL('./worker.js', import.meta.url))` and `process.getBuiltinModule('node:fs')`.
 */
const MODULE_NAME = /^(?:\.\.?\/.*\.[cm]?[jt]sx?|node:\w.*)$/

/**
 * Returns the modules that a source file imports, as they are written there, each once: imports of values and of types, re-exports,
 * `import()`, and `import('…')` in a type. Comments and other text do not count, except text that is a relative path of a module or
 * the name of a built-in one.
 *
 * @param path name of the file. Its extension says which language it is.
 * @throws {Error} the text cannot be parsed, or `import()` has a name that is computed, which nobody can check.
 */
export function readImports(path: string, text: string): string[] {
  const { program, errors } = parseSync(path, text)
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`)

  const names = new Set<string>()
  const add = ({ source }: { source: { value: string } | null }) => {
    if (source) names.add(source.value)
  }
  new Visitor({
    ImportDeclaration: add,
    ExportNamedDeclaration: add,
    ExportAllDeclaration: add,
    TSImportType: add,
    ImportExpression({ source }) {
      if (source.type !== 'Literal') throw new Error(`${path}: import() needs the module's name as a string`)
      names.add(String(source.value))
    },
    TSExternalModuleReference({ expression }) {
      names.add(expression.value)
    },
    Literal({ value }) {
      if (typeof value === 'string' && MODULE_NAME.test(value)) names.add(value)
    },
  }).visit(program)
  return [...names]
}
