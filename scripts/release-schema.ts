// Keeps schema.graphql as the SDL of the version in package.json, and refuses to overwrite that of an earlier release.
import { constants } from 'node:fs'
import { copyFile, readFile } from 'node:fs/promises'
import { releasedSchema } from './released-schemas.ts'

const root = new URL('../', import.meta.url)
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'))
await copyFile(new URL('schema.graphql', root), releasedSchema(version), constants.COPYFILE_EXCL)
