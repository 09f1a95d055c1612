import { type DocumentNode, Kind, type OperationDefinitionNode, visit } from 'graphql'

/**
 * Writes a cursor into a subscription as its `after`, in place of one that is there: the browser's `EventSource` sends the
 * same address again, and what it has seen last in a header.
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
