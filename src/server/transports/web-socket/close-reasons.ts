import { CloseCode } from 'graphql-ws'

/**
 * Reasons to close a socket. Stock clients connect again by themselves after 1012, 1013, 4403 and 4408, and after no other of
 * these codes.
 *
 * No code is 1000 or 1001, which Python's `websockets` takes for a normal end: a program would end as if its pins had
 * settled. docs/live-status.md has a table of all clients.
 */
export const CLOSE_REASONS = {
  // The client has broken the protocol, and would do so again.
  badMessage: [CloseCode.BadRequest, 'Expected a message of graphql-transport-ws'],
  notInitialised: [CloseCode.Unauthorized, 'Expected connection_init first'],
  wrongProtocol: [CloseCode.SubprotocolNotAcceptable, 'Expected the sub-protocol graphql-transport-ws'],
  initTimeout: [CloseCode.ConnectionInitialisationTimeout, 'Expected connection_init in time'],
  sameId: [CloseCode.SubscriberAlreadyExists, 'Expected an id that is not in use'],
  secondInit: [CloseCode.TooManyInitialisationRequests, 'Expected one connection_init'],
  // The client may succeed later.
  callerRefused: [CloseCode.Forbidden, 'The caller was refused'],
  tokenRefused: [CloseCode.Forbidden, 'The service refused the token'],
  goingAway: [1012, 'The gateway is stopping'],
  tooMany: [1013, 'Too many sockets, try again later'],
  callerUnknown: [1013, 'The caller could not be identified, try again later'],
  tooMuch: [1013, 'Too many long operations, try again later'],
  stalled: [1013, 'Nothing was read for too long'],
} as const satisfies Record<string, CloseReason>

/** Code and reason of a close frame. The reason has at most 123 bytes. */
export type CloseReason = readonly [code: number, reason: string]
