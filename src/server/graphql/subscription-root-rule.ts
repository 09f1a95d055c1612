import { type ASTVisitor, GraphQLError, Kind, type SelectionSetNode, type ValidationContext } from 'graphql'

const CONDITIONS: ReadonlySet<string> = new Set(['skip', 'include'])

/**
 * A subscription must not select its root field under `@skip` or `@include`, since nothing is subscribed to without the field. The
 * specification of October 2023 and later says so; graphql-js 16 does not check it.
 */
export function SubscriptionRootRule(context: ValidationContext): ASTVisitor {
  /** @param seen names of fragments that were looked at. Thirty fragments that each spread the next one twice have a billion ways. */
  const check = ({ selections }: SelectionSetNode, seen: Set<string>): void => {
    for (const selection of selections) {
      const condition = selection.directives?.find(({ name }) => CONDITIONS.has(name.value))
      if (condition) {
        const message = `Expected the root field of a subscription without @skip and @include, got @${condition.name.value}.`
        context.reportError(new GraphQLError(message, { nodes: condition }))
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) check(selection.selectionSet, seen)
      if (selection.kind !== Kind.FRAGMENT_SPREAD || seen.has(selection.name.value)) continue
      seen.add(selection.name.value)
      const fragment = context.getFragment(selection.name.value)
      if (fragment) check(fragment.selectionSet, seen)
    }
  }
  return {
    OperationDefinition(node) {
      if (node.operation === 'subscription') check(node.selectionSet, new Set())
      return false
    },
    FragmentDefinition: () => false,
  }
}
