import { CriticalityLevel, diff } from '@graphql-inspector/core'
import { buildSchema } from 'graphql'

/** The effect of one change on clients that were written for the older schema. */
export type Severity = 'breaking' | 'dangerous' | 'safe'

/** One difference between two schemas. */
export interface SchemaChange {
  readonly severity: Severity
  /** The type, or the member of a type, as `Pin` or `Pin.name`; a change of an argument is one of its field. */
  readonly coordinate: string
  readonly message: string
}

export interface SchemaComparison {
  readonly changes: readonly SchemaChange[]
  /** Number of descriptions that were added, removed or rewritten. */
  readonly descriptions: number
}

const SEVERITIES: Record<CriticalityLevel, Severity> = {
  [CriticalityLevel.Breaking]: 'breaking',
  [CriticalityLevel.Dangerous]: 'dangerous',
  [CriticalityLevel.NonBreaking]: 'safe',
}

/**
 * Compares two schemas, given as SDL.
 *
 * Changes are sorted by coordinate. The members of a new type are left out: the new type is the change.
 *
 * graphql-js 16 finds breaking and dangerous changes, but no safe ones; GraphQL Inspector finds all three.
 */
export async function compareSchemas(before: string, after: string): Promise<SchemaComparison> {
  const found = await diff(buildSchema(before), buildSchema(after))
  const shapes = found.filter(({ type }) => !type.includes('DESCRIPTION'))
  const added = new Set(shapes.filter(({ type }) => type === 'TYPE_ADDED').map(({ path }) => path))
  return {
    changes: shapes
      .map(({ criticality, path = 'schema', message }) => ({
        severity: SEVERITIES[criticality.level],
        coordinate: path.split('.').slice(0, 2).join('.'),
        message,
      }))
      .filter(({ coordinate }) => !coordinate.includes('.') || !added.has(coordinate.split('.')[0]))
      .sort((a, b) => a.coordinate.localeCompare(b.coordinate, 'en')),
    descriptions: found.length - shapes.length,
  }
}

/** Prints the comparison for people: the changes under a heading for each severity, the worst first. */
export function printComparison({ changes, descriptions }: SchemaComparison): string {
  const sections = (['breaking', 'dangerous', 'safe'] as const).map((severity) => {
    const messages = changes.filter((change) => change.severity === severity).map(({ message }) => `  ${message}`)
    return [`${severity}: ${messages.length || 'none'}`, ...messages].join('\n')
  })
  return [...sections, `descriptions: ${descriptions || 'none'}`].join('\n')
}

/**
 * Finds the breaking changes that the newest section of the changelog does not name.
 *
 * The changelog has to name the coordinate between backticks: `ErrorCode`, `Pin.name`. For a field of Query, Mutation or
 * Subscription, the name of the field is enough, since operations are written that way.
 *
 * @param changelog Markdown; the newest section begins with the first heading of the second level
 * @returns the missing coordinates, each of them once
 */
export function unexplained(changes: readonly SchemaChange[], changelog: string): string[] {
  const newest = changelog.split(/^## /m)[1] ?? ''
  const code = [...newest.matchAll(/`[^`]+`/g)].join('\n')
  const isNamed = (coordinate: string) => new RegExp(`(?<![\\w.])${coordinate.replace('.', '\\.')}(?!\\w)`).test(code)
  const breaking = changes.filter(({ severity }) => severity === 'breaking').map(({ coordinate }) => coordinate)
  return [...new Set(breaking)].filter((coordinate) => {
    const rootField = /^(?:Query|Mutation|Subscription)\.(\w+)$/.exec(coordinate)?.[1]
    return !isNamed(coordinate) && !(rootField && isNamed(rootField))
  })
}
