import { readFile } from 'node:fs/promises'
import { isMap, LineCounter, parseDocument } from 'yaml'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import { expandVariables } from './expand-variables.ts'
import { YAML_MISTAKES } from './yaml-mistakes.ts'

// biome-ignore lint/suspicious/noTemplateCurlyInString: this is what the operator writes into the file.
const REFERENCES = '"${NAME}", "${NAME:-value}" or "${NAME:?words}"'

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
 * Reads a YAML file. Replaces environment variables in texts, see {@link expandVariables}.
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
    const message = `expected a readable file, got ${code === 'EISDIR' ? 'a directory (EISDIR)' : code}`
    throw new ConfigError([{ key: path, source: null, message }], { cause })
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineAt = (offset: number) => `${path}, line ${lines.linePos(offset).line}`
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ code, pos }) => ({
        key: lineAt(pos[0]),
        source: null,
        message: `expected YAML, got ${YAML_MISTAKES[code]} (${code})`,
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
  const values = expandTexts(document.toJS() ?? {}, [], (text, keys) => {
    const refuse = (message: string): void => {
      problems.push({ key: keys.join('.'), source: sourceOf(keys), message })
    }
    return expandVariables(text, {
      read({ name, fallback, words }) {
        const value = env[name] || fallback
        if (value === undefined)
          refuse(`expected the environment variable ${name} to be set${words ? ` (${words})` : ''}, got nothing`)
        return value ?? ''
      },
      refuse: () => refuse(`expected ${REFERENCES}, or "$\${" for the signs themselves, got another "\${"`),
    })
  })
  return { values: values as Record<string, unknown>, problems, sourceOf }
}

function expandTexts(
  value: unknown,
  path: readonly string[],
  expand: (text: string, path: readonly string[]) => string,
): unknown {
  if (typeof value === 'string') return expand(value, path)
  if (Array.isArray(value)) return value.map((item, index) => expandTexts(item, [...path, String(index)], expand))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, expandTexts(item, [...path, key], expand)]),
  )
}
