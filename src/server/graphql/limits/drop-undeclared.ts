import type { OperationDefinitionNode } from 'graphql'

/**
 * Removes the variables that an operation does not declare from the values of a request, in place. Nothing reads them, and an operation that
 * waits would keep them: a megabyte of empty objects takes twenty in memory.
 */
export function dropUndeclared(
  { variableDefinitions = [] }: OperationDefinitionNode,
  values: Readonly<Record<string, unknown>>,
): void {
  for (const name in values) {
    if (!variableDefinitions.some(({ variable }) => variable.name.value === name)) Reflect.deleteProperty(values, name)
  }
}
