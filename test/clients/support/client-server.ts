import { compliant } from '../../support/providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../../support/providers/emulated-provider.ts'

/** The token that the gateway uses at the emulated service. */
export const SERVICE_TOKEN = 'alice-token'

/** A gateway with an empty account at the service `local`. */
export interface ClientServer extends AsyncDisposable {
  /** Names the server in messages. */
  readonly name: 'today' | 'tomorrow'
  /** Of /graphql, over HTTP. */
  readonly url: string
}

/** The environment variables that a client program reads. */
export function environmentOf({ name, url }: Pick<ClientServer, 'name' | 'url'>): Record<string, string> {
  return {
    PINQL_URL: url,
    PINQL_WS_URL: url.replace('http:', 'ws:'),
    PINQL_TODAY: name === 'today' ? '1' : '0',
  }
}

/** Starts a service whose pins move on by one status after each answer, so that a followed pin shows every status. */
export async function startAdvancingService(): Promise<EmulatedProvider> {
  const service = await startEmulatedProvider(compliant)
  service.hooks.beforeReply = () => {
    service.advance(SERVICE_TOKEN)
    return undefined
  }
  return service
}
