import { type DocumentNode, type ExecutionResult, GraphQLError, Kind, type VariableNode, visit } from 'graphql'

/**
 * Refuses null for a variable of `@skip` or `@include`. A variable with a default value may be null there.
 *
 * graphql-js would throw at each selection with such a directive. Below a list, it would leave the promises of earlier
 * elements behind, and if one of these rejects, the process ends.
 *
 * @returns null if there is no such variable
 */
export function refuseNullConditions(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): ExecutionResult | null {
  // The usual case. Visiting the document costs as much as validating it.
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
