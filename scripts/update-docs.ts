import { writeFile } from 'node:fs/promises'
import { printConfiguration } from './print-configuration.ts'

await writeFile(new URL('../docs/configuration.md', import.meta.url), printConfiguration())
