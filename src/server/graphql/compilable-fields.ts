import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  getNullableType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'

/**
 * Maximum fields of an operation with all fragments written out. Compiling takes 0.03 to 0.05 ms for each, and 0.2 to 0.4 ms
 * in a new process. Nothing can stop it, and the process serves no other request meanwhile.
 */
const MAX_FIELDS = 200

/**
 * Counts the fields of an operation with all fragments written out, if graphql-jit runs it as graphql-js does.
 *
 * @returns 1 to 200; null when graphql-jit runs it in another way, or there are more fields
 * @see docs/decisions/0011-compiled-execution.md for the list of differences
 */
export function compilableFields(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): number | null {
  const selections = new Selections(document)
  const keys = selections.keysOf(operation)
  // When a field fails that must not be null, graphql-js runs no later mutation. The compiled form does.
  if (operation.operation === OperationTypeNode.MUTATION && keys?.size !== 1) return null
  return keys !== null && endsAtOnce(schema, keys) && hasPlainVariables(schema, document) ? selections.fields : null
}

/** The field behind one key of an answer. */
interface Selected {
  readonly field: string
  readonly isSkippable: boolean
  readonly inner: Keys
}
type Keys = Map<string, Selected>

/** Writes out all fragments of an operation, until it has too many fields. */
class Selections {
  readonly #fragments = new Map<string, FragmentDefinitionNode>()
  /** Number of fields that were written out. */
  fields = 0

  constructor(document: DocumentNode) {
    for (const each of document.definitions) {
      if (each.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(each.name.value, each)
    }
  }

  /**
   * Returns the keys of an operation's answer.
   *
   * @returns null when there are more than 200 fields, when a key is `__proto__`, which nothing can be assigned to, or when a
   *   key is selected twice and a directive can skip one of the two. The compiled form orders such a key by the first place, and
   *   graphql-js by the first place that is not skipped.
   */
  keysOf(operation: OperationDefinitionNode): Keys | null {
    const keys: Keys = new Map()
    return this.#add(operation.selectionSet, false, keys) ? keys : null
  }

  /** @param keys of the object to which the selections belong */
  #add({ selections }: SelectionSetNode, isOptional: boolean, keys: Keys): boolean {
    this.fields += selections.length
    if (this.fields > MAX_FIELDS) return false
    return selections.every((each) => {
      const isSkippable = isOptional || (each.directives?.length ?? 0) > 0
      if (each.kind !== Kind.FIELD) {
        const inner = each.kind === Kind.FRAGMENT_SPREAD ? this.#fragments.get(each.name.value) : each
        return inner === undefined || this.#add(inner.selectionSet, isSkippable, keys)
      }
      const key = (each.alias ?? each.name).value
      if (key === '__proto__') return false
      const same = keys.get(key)
      if (same && (same.isSkippable || isSkippable)) return false
      const inner = same?.inner ?? new Map()
      keys.set(key, { field: each.name.value, isSkippable, inner })
      return each.selectionSet === undefined || this.#add(each.selectionSet, false, inner)
    })
  }
}

/**
 * Returns false if a root field that must not be null stands beside others. When it fails, graphql-js answers at once, and the
 * compiled form waits for the other fields. Below the root, only a bug makes such a field fail.
 */
function endsAtOnce(schema: GraphQLSchema, keys: Keys): boolean {
  const fields = schema.getQueryType()?.getFields() ?? {}
  const types = [...keys.values()].map(({ field }) => fields[field]?.type).filter((type) => type !== undefined)
  return types.length < 2 || !types.some(isNonNullType)
}

/**
 * Returns false for variables that the compiled form treats in another way:
 *
 * - inside a literal of a scalar, such as `meta: { app: $app }`. The compiled form leaves it out.
 * - a nullable variable in a place that must not be null, which its default value allows. The compiled form accepts null.
 * - a variable with the name of a member of every object, such as `toString`. The compiled form takes that member for its value.
 */
function hasPlainVariables(schema: GraphQLSchema, document: DocumentNode): boolean {
  const nullable = new Set<string>()
  for (const each of document.definitions) {
    if (each.kind !== Kind.OPERATION_DEFINITION) continue
    for (const { type, variable } of each.variableDefinitions ?? []) {
      if (type.kind !== Kind.NON_NULL_TYPE) nullable.add(variable.name.value)
      if (variable.name.value in Object.prototype) return false
    }
  }
  let isPlain = true
  const types = new TypeInfo(schema)
  visit(
    document,
    visitWithTypeInfo(types, {
      VariableDefinition: () => false,
      ListValue() {
        // A scalar may be written as a list.
        if (!isListType(getNullableType(types.getParentInputType()))) isPlain = false
      },
      Variable({ name }) {
        const type = types.getInputType()
        if (!type || (isNonNullType(type) && nullable.has(name.value))) isPlain = false
      },
    }),
  )
  return isPlain
}
