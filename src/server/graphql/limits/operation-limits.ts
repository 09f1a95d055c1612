import { GraphQLError } from 'graphql'

/** Limits of one operation, over any transport. */
export interface OperationLimits {
  /** Bytes of the document, as UTF-8. */
  readonly maxDocumentBytes: number
  /** Levels of fields, with all fragments written out. */
  readonly maxOperationDepth: number
  /** Requests to services. */
  readonly maxOperationRequests: number
  /** Fields in the answer. */
  readonly maxOperationFields: number
  /** Bytes of the answer as JSON. */
  readonly maxAnswerBytes: number
}

/** Cost of an operation. */
export interface OperationCost {
  /** Levels of fields. */
  readonly depth: number
  /** Requests to services, at most. Requests that other operations share, or that a cache answers, are not left out. */
  readonly requests: number
  /** Fields in the answer, if each list is full, and lists of unknown length have one element. */
  readonly fields: number
}

/** Names of what is limited, as the error gives them, and the settings that set the limits. */
const SETTING_OF = {
  depth: 'maxOperationDepth',
  requests: 'maxOperationRequests',
  fields: 'maxOperationFields',
  answerBytes: 'maxAnswerBytes',
} as const satisfies Record<string, keyof OperationLimits>

const WORDS = {
  depth: 'levels of fields',
  requests: 'requests to services',
  fields: 'fields in its answer',
  answerBytes: 'bytes in its answer',
} as const satisfies Record<keyof typeof SETTING_OF, string>

/**
 * Makes the error of an operation over a limit.
 *
 * @param cost the smallest number that the operation may have, since counting ends at the limit
 */
export function tooCostly(what: keyof typeof SETTING_OF, cost: number, limits: OperationLimits): GraphQLError {
  const setting = SETTING_OF[what]
  const limit = limits[setting]
  const message = `Expected an operation of at most ${limit} ${WORDS[what]}, got at least ${cost}; see ${setting}.`
  return new GraphQLError(message, {
    extensions: { code: 'OPERATION_TOO_COSTLY', what, cost, limit, http: { spec: true, status: 400 } },
  })
}

/** Makes the error of an operation that is ended since all operations together have too many fields, and it has the most. */
export function tooManyTogether(limit: number): GraphQLError {
  const message = `Expected all operations in flight to have at most ${limit} fields in their answers; this one has the most`
  return new GraphQLError(message, {
    extensions: { code: 'TOO_MANY_OPERATIONS', scope: 'gateway', limit, http: { spec: true, status: 503 } },
  })
}
