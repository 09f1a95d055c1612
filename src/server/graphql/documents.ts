import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  NoFragmentCyclesRule,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql'
import { LRUCache } from 'lru-cache'
import { checkDocumentSize } from './limits/document-size.ts'
import type { OperationRequest } from './operation-request.ts'
import { SubscriptionRootRule } from './subscription-root-rule.ts'
import { tidyMessage } from './tidy-message.ts'

/** An operation that may be run. */
export interface PreparedOperation {
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
}

/** The parts of the schema that clients are shown. */
export interface ShownOfSchema {
  /** False: documents that ask for the schema are invalid. */
  readonly introspection: boolean
  /** False: errors suggest no names. */
  readonly suggestions: boolean
}

/** An entry of the cache. */
interface Kept {
  readonly document: DocumentNode
  bytes: number
}

/** `spec`: the status is 200 where the older `application/json` is asked for. */
interface HttpStatus {
  readonly spec?: true
  readonly status: number
}

/**
 * Rules that are checked before all others, since rules of graphql-js throw at a document that breaks one of these. Its rule of overlapping
 * fields calls itself for each pair of the fragments in a circle. Its rule of single root fields cannot read the variables of `@skip`.
 */
const FIRST_RULES: readonly ValidationRule[] = [NoFragmentCyclesRule, SubscriptionRootRule]

const INVALID: HttpStatus = { spec: true, status: 400 }

// GraphiQL's introspection has 400; a mutation that adds 100 pins without variables about 2,000.
const MAX_TOKENS = 5_000
/** Maximum bytes of all documents in the cache, with their compiled operations. */
const CACHE_BYTES = 64 * 1024 * 1024
/** Bytes for each token of a document: 340 were measured. */
const BYTES_PER_TOKEN = 400

/**
 * Parses documents and validates them against the schema. All rules and limits of documents are here.
 *
 * Valid documents are kept, so that the next request with the same text costs neither parsing nor validation. The cache is
 * bounded in bytes. Invalid documents are not kept: their errors would take thirty times as much as the document.
 */
export class Documents {
  readonly #schema: GraphQLSchema
  readonly #shown: ShownOfSchema
  readonly #known = new LRUCache<string, Kept>({ maxSize: CACHE_BYTES, maxEntrySize: CACHE_BYTES / 8 })
  readonly #validity = new WeakMap<DocumentNode, readonly GraphQLError[]>()

  readonly #maxBytes: number

  /** @param options.maxBytes of a document, as UTF-8 */
  constructor(
    schema: GraphQLSchema,
    {
      maxBytes,
      shown = { introspection: true, suggestions: true },
    }: { maxBytes: number; shown?: ShownOfSchema | undefined },
  ) {
    this.#schema = schema
    this.#maxBytes = maxBytes
    this.#shown = shown
  }

  /**
   * Parses a document. A document that is too large is refused, since the cost of validation grows faster than its length.
   *
   * @throws {GraphQLError} GRAPHQL_PARSE_FAILED
   */
  parse(text: string): DocumentNode {
    const known = this.#known.get(text)
    if (known) return known.document
    const document = this.#read(text)
    const bytes = tokensOf(document) * BYTES_PER_TOKEN + 2 * text.length
    this.#known.set(text, { document, bytes }, { size: bytes })
    return document
  }

  /** Bytes of all documents in the cache. */
  get bytes(): number {
    return this.#known.calculatedSize
  }

  /**
   * Counts more bytes for a document, such as those of its compiled operations. The document is evicted if it takes more than
   * an eighth of the cache then.
   */
  keepMore(document: DocumentNode, bytes: number): void {
    const text = document.loc?.source.body ?? ''
    const kept = this.#known.peek(text)
    if (kept?.document !== document) return
    kept.bytes += bytes
    this.#known.set(text, kept, { size: kept.bytes })
  }

  /** Returns the errors in a document: an empty list for a valid one. */
  validate(document: DocumentNode): readonly GraphQLError[] {
    const known = this.#validity.get(document)
    const { introspection, suggestions } = this.#shown
    const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule]
    const errors =
      known ??
      this.#errorsIn(document, rules).map((error) =>
        tidyMessage(withCode(error, 'GRAPHQL_VALIDATION_FAILED', INVALID), suggestions),
      )
    if (!known) this.#validity.set(document, errors)
    if (errors.length > 0) this.#known.delete(document.loc?.source.body ?? '')
    return errors
  }

  /**
   * Finds the operation that a request asks for. The checks have the words and the order of Yoga.
   *
   * @param options.isReadOnly refuses mutations, for transports that any web page can use
   * @throws {GraphQLError} when the document cannot be parsed, or has no such operation
   * @throws {AggregateError} of `GraphQLError`s when it does not fit the schema
   */
  prepare({ query, operationName }: OperationRequest, options: { isReadOnly?: boolean } = {}): PreparedOperation {
    const document = this.parse(query)
    const operation = getOperationAST(document, operationName || null)
    if (!operation)
      throw withCode(
        new GraphQLError('Could not determine what operation to execute.'),
        'OPERATION_RESOLUTION_FAILURE',
        {
          status: 400,
        },
      )
    if (options.isReadOnly && operation.operation === 'mutation')
      throw withCode(new GraphQLError('Can only perform a mutation operation from a POST request.'), 'BAD_REQUEST')
    const errors = this.validate(document)
    if (errors.length > 0) throw new AggregateError(errors, 'The document does not fit the schema')
    return { document, operation }
  }

  #errorsIn(document: DocumentNode, rules: readonly ValidationRule[]): readonly GraphQLError[] {
    const errors = validate(this.#schema, document, FIRST_RULES)
    return errors.length > 0 ? errors : validate(this.#schema, document, rules)
  }

  #read(text: string): DocumentNode {
    try {
      checkDocumentSize(text, { maxBytes: this.#maxBytes, maxTokens: MAX_TOKENS })
      return parse(text, { maxTokens: MAX_TOKENS })
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error
      throw tidyMessage(withCode(error, 'GRAPHQL_PARSE_FAILED', INVALID), true)
    }
  }
}

/**
 * Adds a code to an error, and the status that Yoga answers with. Yoga would add the same code, but other transports need it
 * as well.
 */
function withCode(error: GraphQLError, code: string, http?: HttpStatus): GraphQLError {
  error.extensions.code = code
  if (http) error.extensions.http = { ...http }
  return error
}

function tokensOf({ loc }: DocumentNode): number {
  let tokens = 0
  for (let token = loc?.startToken; token; token = token.next ?? undefined) tokens++
  return tokens
}
