import { isDeepStrictEqual } from 'node:util'
import type { ClientServer } from './client-server.ts'

/** Observations that a program reports, by the names of README.md. */
export type Facts = Readonly<Record<string, unknown>>

/** Returns what a program of this name must print. */
export function expectedFacts(client: string, { name }: ClientServer): Facts {
  return {
    client,
    pages: [['album 3', 'album 2'], ['album 1']],
    read: 'album 1',
    replaced: { name: 'album 2', meta: { client }, cid: 'bafkqadlbnrrhk3jagiqgcz3bnfxa' },
    renamed: { name: 'album three', cidKept: true, metaKept: true },
    removed: true,
    errors: ['BAD_REQUEST:input.cid', 'PIN_NOT_FOUND:local'],
    unknown: name === 'today' ? [] : ['QUOTA_EXCEEDED->OTHER', 'QUOTA_EXCEEDED->OTHER'],
    followed: ['PINNED', 'PINNED'],
  }
}

/**
 * Reads the one line that a program printed.
 *
 * @throws {Error} when it is not a line with a JSON object
 */
export function parseFacts(stdout: string): Facts {
  const lines = stdout.trim().split('\n')
  try {
    const [line = '', ...others] = lines
    const facts: unknown = JSON.parse(line)
    if (others.length === 0 && typeof facts === 'object' && facts !== null) return facts as Facts
  } catch {
    // Told below.
  }
  throw new Error(`expected one line with a JSON object, got:\n${stdout}`)
}

/** Returns one sentence per fact that is not as expected; none when all are. */
export function differingFacts(expected: Facts, actual: Facts): string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(actual)])]
    .filter((name) => !isDeepStrictEqual(expected[name], actual[name]))
    .map((name) => `"${name}": expected ${JSON.stringify(expected[name])}, got ${JSON.stringify(actual[name])}`)
}
