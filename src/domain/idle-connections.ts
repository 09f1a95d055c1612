/**
 * Milliseconds for which a server keeps a connection that is idle between two requests.
 *
 * Longer than the 60 s of common load balancers, which must be the side that closes an idle connection: a request that they send while the
 * server closes it is lost.
 */
export const IDLE_CONNECTION_MS = 65_000
