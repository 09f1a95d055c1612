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
 * Fields of an operation with all fragments written out. Compiling takes 0.03 to 0.05 ms for each, and 0.2 to 0.4 ms in a new
 * process. Nothing can stop it, and meanwhile nobody is served.
 */
const MAX_FIELDS = 200

/**
 * Counts the fields of an operation with all fragments written out, if graphql-jit does for it what graphql-js does.
 *
 * @returns 1 to 200; null where graphql-jit does otherwise, or there are more fields
 * @see docs/decisions/0011-compiled-execution.md for the list of what it does otherwise
 */
export function compilableFields(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): number | null {
  const selections = new Selections(document)
  const keys = selections.keysOf(operation)
  // Where a change fails that must not be null, the compiled form would make the changes behind it all the same.
  if (operation.operation === OperationTypeNode.MUTATION && keys?.size !== 1) return null
  return keys !== null && endsAtOnce(schema, keys) && hasPlainVariables(schema, document) ? selections.fields : null
}

/** What stands below a key of an answer. */
interface Selected {
  readonly field: string
  readonly isSkippable: boolean
  readonly inner: Keys
}
type Keys = Map<string, Selected>

/** Writes out all fragments of an operation, as far as it is small enough. */
class Selections {
  readonly #fragments = new Map<string, FragmentDefinitionNode>()
  /** How many have been written out. */
  fields = 0

  constructor(document: DocumentNode) {
    for (const each of document.definitions) {
      if (each.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(each.name.value, each)
    }
  }

  /**
   * The keys of an operation's answer.
   *
   * @returns null where there are more than 200, where a key is `__proto__`, to which nothing can be assigned, or where a key stands in two places of which a directive can skip one: the
   *   compiled form puts such a key where the first of them is, and graphql-js where the first that is not skipped is
   */
  keysOf(operation: OperationDefinitionNode): Keys | null {
    const keys: Keys = new Map()
    return this.#add(operation.selectionSet, false, keys) ? keys : null
  }

  /** @param keys of the object that the selections are of */
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
 * compiled form waits for the other fields. Below the root, only bugs fail so.
 */
function endsAtOnce(schema: GraphQLSchema, keys: Keys): boolean {
  const fields = schema.getQueryType()?.getFields() ?? {}
  const types = [...keys.values()].map(({ field }) => fields[field]?.type).filter((type) => type !== undefined)
  return types.length < 2 || !types.some(isNonNullType)
}

/**
 * False where a variable stands inside a literal of a scalar, such as `meta: { app: $app }`, which the compiled form leaves
 * out; and where one that may be null stands for what may not, as its default value allows, since the compiled form takes
 * null for it. Where a variable has the name of a member of every object, such as `toString`, the compiled form takes that
 * member for the value of the variable.
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
