import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'

const TEST = new URL('../../', import.meta.url)

it.each(['unit', 'schema', 'integration', 'contract', 'browser', 'e2e'])(
  'test/%s holds tests only; support has the rest',
  (folder) => {
    const files = readdirSync(new URL(folder, TEST), { withFileTypes: true, recursive: true })
    const others = files.filter((file) => file.isFile() && !file.name.endsWith('.test.ts')).map(({ name }) => name)
    expect(others).toEqual([])
  },
)
