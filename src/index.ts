/** The public API of pinql, and nothing else. */
export { ConfigError } from './config/config-error.ts'
export type { GatewayConfig, ServiceConfig } from './config/gateway-config.ts'
export { loadConfig } from './config/load-config.ts'
export { type ConfigInput, parseConfig } from './config/parse-config.ts'
export { IdempotencyConflictError, OutcomeUnknownError } from './domain/change-errors.ts'
export {
  BadRequestError,
  type ErrorCode,
  InsufficientFundsError,
  MalformedResponseError,
  PinNotFoundError,
  PinqlError,
  RateLimitedError,
  ServiceError,
  ServiceUnavailableError,
  UnauthorizedError,
  UnknownServiceError,
} from './domain/errors.ts'
export type { LogSink } from './observability/logger.ts'
export type { Caller, CallerRequest } from './server/caller/caller.ts'
export { UnauthenticatedError } from './server/caller/unauthenticated-error.ts'
export { createGateway, type Gateway, type GatewayOptions } from './server/create-gateway.ts'
export type { RouteHandler } from './server/http/routes.ts'
export { type RunningGateway, startGateway } from './server/start-gateway.ts'
export type {
  ServiceEvent,
  ServiceState,
  UpstreamCall,
  UpstreamCallError,
  UpstreamObserver,
} from './upstream/observing/upstream-observer.ts'
