import type { ClientProgram } from '../support/client-program.ts'
import { LOCK_FILE, prepareOnce, programFile } from './prepare-app.ts'

const PROGRAMS = {
  'graphql-codegen': 'codegen/client',
  'gql.tada': 'gql-tada/client',
  relay: 'relay/client',
  apollo: 'apollo/client',
  urql: 'urql/client',
}

/** The clients in TypeScript. They share one app, which is generated, type checked and bundled once. */
export const TYPESCRIPT_CLIENTS: readonly ClientProgram[] = Object.entries(PROGRAMS).map(([name, program]) => ({
  name,
  needs: ['npm'],
  lockFile: LOCK_FILE,
  prepare: prepareOnce,
  run: (place) => ({ command: process.execPath, args: [programFile(place, program)] }),
}))
