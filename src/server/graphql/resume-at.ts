import { type DocumentNode, Kind, type OperationDefinitionNode, visit } from 'graphql'

/**
 * Sets the argument `after` of a subscription to a cursor, in place of the client's own. A browser's `EventSource` that
 * connects again sends the same URL, and the cursor of the last event in a header.
 */
export function resumeAt(document: DocumentNode, operation: OperationDefinitionNode, cursor: string): DocumentNode {
  const after = {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: 'after' },
    value: { kind: Kind.STRING, value: cursor },
  } as const
  const selections = operation.selectionSet.selections.map((selection) =>
    selection.kind === Kind.FIELD
      ? {
          ...selection,
          arguments: [...(selection.arguments ?? []).filter(({ name }) => name.value !== 'after'), after],
        }
      : selection,
  )
  const resumed = { ...operation, selectionSet: { ...operation.selectionSet, selections } }
  return visit(document, { OperationDefinition: (node) => (node === operation ? resumed : false) })
}
