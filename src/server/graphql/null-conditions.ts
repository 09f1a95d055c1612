import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type VariableNode,
  visit,
} from 'graphql'

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
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): ExecutionResult | null {
  // The usual case. Visiting the document costs as much as validating it.
  if (!Object.values(variables).includes(null)) return null
  const suspects = new Set<string>()
  for (const { type, variable } of operation.variableDefinitions ?? []) {
    const name = variable.name.value
    // For a variable that must not be null, graphql-js refuses null before it executes anything.
    if (type.kind !== Kind.NON_NULL_TYPE && variables[name] === null) suspects.add(name)
  }
  const found = new Map<string, VariableNode>()
  visit(document, {
    Directive({ name, arguments: given = [] }) {
      if (name.value !== 'skip' && name.value !== 'include') return
      for (const { value } of given) {
        if (value.kind === Kind.VARIABLE && suspects.has(value.name.value)) found.set(value.name.value, value)
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
