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

/**
 * Maximum errors about variables of one operation, however it is run. graphql-js writes out the value for each, which may have 60,000 members:
 * its usual fifty errors would take seconds.
 */
export const MAX_VARIABLE_ERRORS = 3

/** Bytes of a compiled operation, and of each of its fields with all fragments written out. 14,000 and 660 before the first run. */
const BYTES_PER_OPERATION = 16_384
const BYTES_PER_FIELD = 2_000

/** An operation that came before. */
interface Known {
  /** Undefined until the operation comes again. Null when graphql-js runs it. */
  run: CompiledRun | null | undefined
}

/**
 * Compiles operations that come more than once, so that running them costs little more than their resolvers.
 *
 * graphql-js runs operations whose results would differ. One difference remains. Bugs may make several fields of one object
 * fail. The object is then null, and the reported error may be another field's.
 *
 * @see docs/decisions/0011-compiled-execution.md
 */
export class CompiledOperations {
  readonly #schema: GraphQLSchema
  /** Entries are collected together with their document. */
  readonly #known = new WeakMap<OperationDefinitionNode, Known>()
  readonly #onKept: (document: DocumentNode, bytes: number) => void

  /** @param onKept called when an operation has been compiled, with the bytes that are kept for its document in addition */
  constructor(schema: GraphQLSchema, onKept: (document: DocumentNode, bytes: number) => void) {
    this.#schema = schema
    this.#onKept = onKept
  }

  /** Returns the compiled form of an operation. Null when the operation comes for the first time, or cannot be compiled. */
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
      // Node may forbid code that is made from text, or the compiler may fail. graphql-js runs the operation then.
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
      // The compiled form checks variables as well, in other words.
      const { errors } = getVariableValues(this.#schema, variableDefinitions, variables, {
        maxErrors: MAX_VARIABLE_ERRORS,
      })
      return errors ? { errors } : run(root, context, { ...variables })
    }
  }
}

/**
 * Returns the result that graphql-js would return. The compiled form gives the places of errors as lines and columns only, lacks
 * empty extensions, and puts errors behind the data.
 */
function withUsualErrors(result: ExecutionResult, source: Source | undefined): ExecutionResult {
  const { data = null, errors } = result
  if (!errors) return result
  // No more than these are shown.
  const usual = errors.map(({ message, path, locations = [], originalError }) => {
    const positions = source && locations.map((location) => positionOf(source.body, location))
    // An error that the compiled form has found, such as a null, is a bug like one that a resolver has thrown.
    return new GraphQLError(message, { source, positions, path, originalError: originalError ?? new Error(message) })
  })
  return { errors: usual, data }
}

/** Returns the position of a line and column in a text, counted from 0. */
function positionOf(text: string, { line, column }: SourceLocation): number {
  let start = 0
  for (const { 0: end, index } of text.matchAll(/\r\n|[\n\r]/g)) {
    if (--line === 0) break
    start = index + end.length
  }
  return start + column - 1
}
