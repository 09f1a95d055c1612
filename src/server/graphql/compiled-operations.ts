import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  type OperationDefinitionNode,
  type Source,
  type SourceLocation,
} from 'graphql'
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit'
import { compilableFields } from './compilable-fields.ts'

/** Runs an operation as `execute` of graphql-js does, with the same results. */
export type CompiledRun = (
  rootValue: unknown,
  contextValue: unknown,
  variables: Readonly<Record<string, unknown>>,
) => ExecutionResult | Promise<ExecutionResult>

/** More different messages than that help nobody; graphql-js has the same limit. */
const MAX_VARIABLE_ERRORS = 50

/** Bytes of a compiled operation, and of each of its fields with all fragments written out: 14,000 and 660 before it has run. */
const BYTES_PER_OPERATION = 16_384
const BYTES_PER_FIELD = 2_000

/** What is known of an operation that came before. */
interface Known {
  /** Undefined until it comes again; null where it is left to graphql-js. */
  run: CompiledRun | null | undefined
}

/**
 * Compiles operations that come more than once, so that running them costs little more than their resolvers.
 *
 * What would not come out the same is left to graphql-js. One thing differs: where bugs fail several fields of an object that is
 * null for it, it may be another one of them that is reported.
 *
 * @see docs/decisions/0011-compiled-execution.md
 */
export class CompiledOperations {
  readonly #schema: GraphQLSchema
  /** What is kept of an operation is forgotten with its document. */
  readonly #known = new WeakMap<OperationDefinitionNode, Known>()
  readonly #onKept: (document: DocumentNode, bytes: number) => void

  /** @param onKept told how many more bytes are kept for a document, when one of its operations has been compiled */
  constructor(schema: GraphQLSchema, onKept: (document: DocumentNode, bytes: number) => void) {
    this.#schema = schema
    this.#onKept = onKept
  }

  /** The compiled form of an operation; null while it is used for the first time, and where there is none. */
  find(document: DocumentNode, operation: OperationDefinitionNode): CompiledRun | null {
    const known = this.#known.get(operation)
    if (!known) {
      this.#known.set(operation, { run: undefined })
      return null
    }
    if (known.run === undefined) known.run = this.#compile(document, operation)
    return known.run
  }

  #compile(document: DocumentNode, operation: OperationDefinitionNode): CompiledRun | null {
    const fields = compilableFields(this.#schema, document, operation)
    if (fields === null) return null
    this.#onKept(document, BYTES_PER_OPERATION + fields * BYTES_PER_FIELD)
    try {
      const name = operation.name?.value ?? ''
      const compiled = compileQuery(this.#schema, document, name, { disablingCapturingStackErrors: true })
      return isCompiledQuery(compiled) ? this.#runOf(compiled, operation, document.loc?.source) : null
    } catch {
      // Node may forbid code that is made from text; and what the compiler trips over, graphql-js can do.
      return null
    }
  }

  #runOf(
    { query }: CompiledQuery,
    { variableDefinitions = [] }: OperationDefinitionNode,
    source: Source | undefined,
  ): CompiledRun {
    const run = (root: unknown, context: unknown, variables: Record<string, unknown>) => {
      const result = query(root, context, variables)
      return result instanceof Promise
        ? result.then((each) => withUsualErrors(each, source))
        : withUsualErrors(result, source)
    }
    if (variableDefinitions.length === 0) return (root, context) => run(root, context, {})
    return (root, context, variables) => {
      // The compiler's own check has other words.
      const { errors } = getVariableValues(this.#schema, variableDefinitions, variables, {
        maxErrors: MAX_VARIABLE_ERRORS,
      })
      return errors ? { errors } : run(root, context, { ...variables })
    }
  }
}

/**
 * A result as graphql-js has it. The compiler's errors know their places as lines and columns only, have no extensions where
 * there are none, and come behind the data.
 */
function withUsualErrors(result: ExecutionResult, source: Source | undefined): ExecutionResult {
  const { data = null, errors } = result
  if (!errors) return result
  const usual = errors.map(({ message, path, locations = [], originalError }) => {
    const positions = source && locations.map((location) => positionOf(source.body, location))
    // What the compiler itself found wrong, such as a null, is an error of ours as much as one that was thrown.
    return new GraphQLError(message, { source, positions, path, originalError: originalError ?? new Error(message) })
  })
  return { errors: usual, data }
}

/** Where a line and column are in a text, counted from 0. */
function positionOf(text: string, { line, column }: SourceLocation): number {
  let start = 0
  for (const { 0: end, index } of text.matchAll(/\r\n|[\n\r]/g)) {
    if (--line === 0) break
    start = index + end.length
  }
  return start + column - 1
}
