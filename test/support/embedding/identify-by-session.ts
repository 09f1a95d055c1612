import { type Caller, type CallerRequest, UnauthenticatedError } from '../../../src/index.ts'

export interface User {
  readonly id: string
  /** By service. */
  readonly tokens: Readonly<Record<string, string>>
}

/** Makes an `identify` that knows callers by a session id. */
export function identifyBySession(userOf: (session: string) => Promise<User | null>) {
  return async ({ headers, connectionParams }: CallerRequest): Promise<Caller> => {
    const session = connectionParams?.session ?? headers['x-session']
    const user = await userOf(String(session))
    if (!user) throw new UnauthenticatedError('Sign in first')
    return { key: user.id, tokenFor: (service) => user.tokens[service] ?? null }
  }
}
