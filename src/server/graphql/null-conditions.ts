import { type DocumentNode, type ExecutionResult, GraphQLError, Kind, type VariableNode, visit } from 'graphql'

/**
 * Refuses null for a variable that stands in `@skip` or `@include`, which a default value of the variable lets clients give.
 *
 * graphql-js would throw at each selection with such a directive. If one of these is below a list, it leaves the promises of
 * earlier elements behind, and a rejection of these ends the process.
 *
 * @returns null if there is no such variable
 */
export function refuseNullConditions(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): ExecutionResult | null {
  // The usual case. To look through the document costs as much as to validate it.
  if (!Object.values(variables).includes(null)) return null
  const found = new Map<string, VariableNode>()
  const required = new Set<string>()
  visit(document, {
    VariableDefinition({ type, variable }) {
      // graphql-js refuses null for it before it executes anything.
      if (type.kind === Kind.NON_NULL_TYPE) required.add(variable.name.value)
      return false
    },
    Directive({ name, arguments: given = [] }) {
      if (name.value !== 'skip' && name.value !== 'include') return
      for (const { value } of given) {
        if (value.kind !== Kind.VARIABLE || required.has(value.name.value)) continue
        if (variables[value.name.value] === null) found.set(value.name.value, value)
      }
    },
  })
  if (found.size === 0) return null
  const errors = [...found.values()].map((node) => {
    const message = `Variable "$${node.name.value}" of @skip or @include: expected true or false, got null.`
    return new GraphQLError(message, { nodes: node, extensions: { code: 'BAD_REQUEST' } })
  })
  return { errors }
}
