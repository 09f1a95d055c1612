import type { IncomingMessage } from 'node:http'

/** The path of GraphQL over HTTP, event streams, WebSockets and GraphiQL. */
export const GRAPHQL_PATH = '/graphql'

/** True for the path of GraphQL, with or without a slash at its end. */
export function isGraphqlPath(path: string): boolean {
  return path === GRAPHQL_PATH || path === `${GRAPHQL_PATH}/`
}

/** Returns the path of a request, without its query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}
