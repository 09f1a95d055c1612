import {
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql'
import type { FieldCost } from '../../../schema/field-cost.ts'

/** Texts of one list that are not worth counting. The Pinning Service API allows no more. */
const FEW_TEXTS = 20

/** Field names, with the number of times that each is selected. */
type Selected = readonly (readonly [name: string, times: number])[]

/**
 * Counts the texts in lists that a service may make as long as it likes, such as the origins and delegates of pins: fields of leaves that
 * are marked with `isOpen`.
 *
 * The lists of a page of pins are counted together, when the page is there. If each list had a resolver that counts it, the resolvers would
 * take a fifth of the time that the page takes to execute.
 */
export class OpenTexts {
  readonly #names = new Set<string>()
  readonly #types = new Set<GraphQLNamedType>()
  readonly #selected = new WeakMap<FieldNode, Selected>()

  /** @throws {Error} for a schema in which such a list has a resolver. Its texts could not be counted. */
  constructor(schema: GraphQLSchema) {
    const types = Object.values(schema.getTypeMap())
    for (const type of types) {
      if (!isObjectType(type)) continue
      for (const [name, field] of Object.entries(type.getFields())) {
        const { isOpen } = (field.extensions.cost ?? {}) as FieldCost
        if (!isOpen || !isLeafType(getNamedType(field.type))) continue
        if (field.resolve) throw new Error(`${type.name}.${name} must be a property of its object, to be counted`)
        this.#names.add(name)
        this.#types.add(type)
      }
    }
    for (const type of types) {
      if (isAbstractType(type) && schema.getPossibleTypes(type).some((each) => this.#types.has(each)))
        this.#types.add(type)
    }
  }

  /** Returns whether an object of a type may have such a list. */
  mayBeIn(type: GraphQLNamedType): boolean {
    return this.#types.has(type)
  }

  /**
   * Returns the number of texts in the answer that a field's objects lead to. Lists of at most 20 texts count as empty. A list that is
   * selected twice counts twice, and one under `@skip` or `@include` counts as well.
   */
  countIn(objects: readonly unknown[], { fieldNodes, fragments }: GraphQLResolveInfo): number {
    let texts = 0
    for (const node of fieldNodes) {
      for (const [name, times] of this.#selectedBelow(node, fragments)) {
        for (const each of objects) texts += times * textsOf((each as Readonly<Record<string, unknown>> | null)?.[name])
      }
    }
    return texts
  }

  #selectedBelow(node: FieldNode, fragments: GraphQLResolveInfo['fragments']): Selected {
    const known = this.#selected.get(node)
    if (known) return known
    const times = new Map<string, number>()
    if (node.selectionSet) this.#select(node.selectionSet, fragments, { times, seen: new Set() })
    const selected = [...times]
    this.#selected.set(node, selected)
    return selected
  }

  /** @param found.seen fragments that were looked at. GraphQL looks at each once, too. */
  #select(
    { selections }: SelectionSetNode,
    fragments: GraphQLResolveInfo['fragments'],
    found: { readonly times: Map<string, number>; readonly seen: Set<string> },
  ): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value
        if (this.#names.has(name)) found.times.set(name, (found.times.get(name) ?? 0) + 1)
        continue
      }
      const isSpread = selection.kind === Kind.FRAGMENT_SPREAD
      if (isSpread && found.seen.has(selection.name.value)) continue
      if (isSpread) found.seen.add(selection.name.value)
      const inner = isSpread ? fragments[selection.name.value]?.selectionSet : selection.selectionSet
      if (inner) this.#select(inner, fragments, found)
    }
  }
}

function textsOf(list: unknown): number {
  return Array.isArray(list) && list.length > FEW_TEXTS ? list.length : 0
}
