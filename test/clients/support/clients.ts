import { TYPESCRIPT_CLIENTS } from '../typescript/clients.ts'
import type { ClientProgram } from './client-program.ts'
import { NATIVE_CLIENTS } from './native-clients.ts'

/** All clients, in the order in which they are run. */
export const CLIENTS: readonly ClientProgram[] = [...NATIVE_CLIENTS, ...TYPESCRIPT_CLIENTS]
