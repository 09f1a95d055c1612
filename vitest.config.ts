import { defineConfig } from 'vitest/config'
import { RefuseSkips } from './test/support/refuse-skips.ts'

const SEED_PROPERTIES = 'test/support/seed-properties.ts'

// Tests in one folder share their needs: `unit` opens no socket, but to test the servers of `support`; the others start real ones on port 0.
const project = (
  name: string,
  more: { globalSetup?: string; setupFiles?: string[]; isolate?: boolean; testTimeout?: number } = {},
) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...more },
})

export default defineConfig({
  resolve: {
    // Vitest would load graphql 16 twice, as ESM for us and as CommonJS for Pothos and Yoga, who then refuse our schema.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  test: {
    // Two cores are common, and Vitest would leave one of them idle.
    maxWorkers: '100%',
    reporters: process.env.CI ? ['default', new RefuseSkips()] : ['default'],
    // Only what hangs takes so long; a busy machine may need ten times the usual.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      // Without `isolate`, files share what they import; our modules keep nothing between them.
      project('unit', { setupFiles: [SEED_PROPERTIES], isolate: false }),
      project('schema', { isolate: false }),
      project('integration', { setupFiles: [SEED_PROPERTIES, 'test/support/load-hono-response.ts'], isolate: false }),
      project('contract', { setupFiles: [SEED_PROPERTIES], isolate: false }),
      // Starts processes, and floods them.
      project('security', { testTimeout: 300_000 }),
      project('browser'),
      project('e2e', { globalSetup: 'test/support/build-dist.ts' }),
    ],
  },
})
