import { readFile } from 'node:fs/promises'
import { isMap, LineCounter, parseDocument } from 'yaml'
import { ConfigError, type ConfigProblem } from './config-error.ts'

/** The environment, as `process.env` gives it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The content of a configuration file, with the place of each value. */
export interface ConfigFile {
  readonly values: Readonly<Record<string, unknown>>
  /** Variables that the file names and that are not set. */
  readonly problems: readonly ConfigProblem[]
  /** Returns the place of a key: `pinql.config.yaml, line 4`. */
  sourceOf(path: readonly PropertyKey[]): string
}

/**
 * Reads a YAML file. Replaces `${NAME}` in texts by the environment variable of that name.
 *
 * @returns null when the file does not exist
 * @throws {ConfigError} when the file cannot be read, is not YAML or is not a map. Never quotes the file, which may have tokens.
 */
export async function readConfigFile(path: string, env: Environment): Promise<ConfigFile | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return null
    throw new ConfigError([{ key: path, source: null, message: `expected a readable file, got ${code}` }], { cause })
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineAt = (offset: number) => `${path}, line ${lines.linePos(offset).line}`
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ code, pos }) => ({
        key: lineAt(pos[0]),
        source: null,
        message: `expected YAML, got ${code}`,
      })),
    )
  }
  if (document.contents !== null && !isMap(document.contents)) {
    throw new ConfigError([{ key: path, source: null, message: 'expected a map of settings' }])
  }
  const sourceOf = (keys: readonly PropertyKey[]) => {
    for (let depth = keys.length; depth > 0; depth--) {
      const node = document.getIn(keys.slice(0, depth), true) as { range?: [number, number, number] } | undefined
      if (node?.range) return lineAt(node.range[0])
    }
    return path
  }
  const problems: ConfigProblem[] = []
  const values = expandVariables(document.toJS() ?? {}, [], (name, keys) => {
    const value = env[name]
    if (!value) {
      const message = `expected the environment variable ${name} to be set, got nothing`
      problems.push({ key: keys.join('.'), source: sourceOf(keys), message })
    }
    return value ?? ''
  })
  return { values: values as Record<string, unknown>, problems, sourceOf }
}

type ReadVariable = (name: string, path: readonly string[]) => string

function expandVariables(value: unknown, path: readonly string[], readVariable: ReadVariable): unknown {
  if (typeof value === 'string') return value.replace(/\$\{(\w+)\}/g, (_, name: string) => readVariable(name, path))
  if (Array.isArray(value))
    return value.map((item, index) => expandVariables(item, [...path, String(index)], readVariable))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, expandVariables(item, [...path, key], readVariable)]),
  )
}
