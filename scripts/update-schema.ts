import { writeFile } from 'node:fs/promises'
import { printSdl } from '../src/schema/print-sdl.ts'

await writeFile(new URL('../schema.graphql', import.meta.url), printSdl())
