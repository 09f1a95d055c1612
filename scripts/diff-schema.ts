// Prints how schema.graphql differs from that of the last release. Fails when CHANGELOG.md does not name a breaking change;
// a breaking change itself is no failure.
import { readFile } from 'node:fs/promises'
import { compareSchemas, printComparison, unexplained } from './compare-schemas.ts'
import { newestRelease, releasedSchema } from './released-schemas.ts'

const root = new URL('../', import.meta.url)
const release = newestRelease()
const before = await readFile(releasedSchema(release), 'utf8')
const after = await readFile(new URL('schema.graphql', root), 'utf8')
const changelog = await readFile(new URL('CHANGELOG.md', root), 'utf8')

const comparison = await compareSchemas(before, after)
process.stdout.write(`schema.graphql since ${release}\n${printComparison(comparison)}\n`)

const missing = unexplained(comparison.changes, changelog)
if (missing.length > 0) {
  process.stderr.write(
    `CHANGELOG.md does not name these breaking changes in its newest section: ${missing.join(', ')}\n`,
  )
  process.exitCode = 1
}
