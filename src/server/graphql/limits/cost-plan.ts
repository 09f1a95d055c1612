import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  type ValueNode,
  valueFromASTUntyped,
} from 'graphql'
import type { FieldArgs, FieldCost } from '../../../schema/field-cost.ts'

/** Variables of one request, as they came. */
export class Variables {
  readonly #values: Readonly<Record<string, unknown>>
  /** True once a variable was read. Whatever was computed from it may differ from request to request. */
  areRead = false

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values
  }

  read(name: string): unknown {
    this.areRead = true
    return this.#values[name]
  }
}

/** A value that may depend on variables. */
export type Planned<Value> = (variables: Variables) => Value

/** A field of an operation, with what its cost is made from. */
export interface PlannedField {
  readonly cost: FieldCost | undefined
  readonly args: Planned<FieldArgs>
  /** False where `@skip` or `@include` leave it out. Undefined for a field without them. */
  readonly isIncluded: Planned<boolean> | undefined
  /** Undefined for a leaf. */
  readonly inner: PlannedSelection | undefined
}

/** A selection set. Fragments are not written out: a fragment that is spread twice is the same object both times. */
export interface PlannedSelection {
  readonly fields: readonly PlannedField[]
  readonly spreads: readonly {
    readonly isIncluded: Planned<boolean> | undefined
    readonly selection: PlannedSelection
  }[]
}

/** Sizes of the lists of introspection, which differ little between schemas. */
const INTROSPECTION: Readonly<Record<string, FieldCost>> = {
  '__Schema.types': { size: () => 64 },
  '__Schema.directives': { size: () => 8 },
  '__Directive.args': { size: () => 2 },
  '__Type.fields': { size: () => 8 },
  '__Type.inputFields': { size: () => 8 },
  '__Type.enumValues': { size: () => 8 },
  '__Type.possibleTypes': { size: () => 2 },
  '__Field.args': { size: () => 2 },
}

export const noArgs: FieldArgs = () => undefined
const planNoArgs: Planned<FieldArgs> = () => noArgs

/** Plans how the cost of a valid operation is computed, so that only what depends on variables is left for each request. */
export class CostPlanner {
  readonly #schema: GraphQLSchema
  readonly #defaults: Readonly<Record<string, unknown>>
  readonly #fragments = new Map<string, FragmentDefinitionNode>()
  /** By name of the fragment. A fragment has one type, so its plan is the same wherever it is spread. */
  readonly #planned = new Map<string, PlannedSelection>()

  constructor(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) {
    this.#schema = schema
    this.#defaults = defaultsOf(operation)
    for (const each of document.definitions)
      if (each.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(each.name.value, each)
  }

  plan({ selections }: SelectionSetNode, type: GraphQLNamedType | null | undefined): PlannedSelection {
    const fields: PlannedField[] = []
    const spreads: { isIncluded: Planned<boolean> | undefined; selection: PlannedSelection }[] = []
    for (const selection of selections) {
      const isIncluded = this.#conditionOf(selection.directives ?? [])
      if (selection.kind === Kind.FIELD) {
        fields.push(this.#planField(selection, type, isIncluded))
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const { typeCondition, selectionSet } = selection
        const inner = typeCondition ? this.#schema.getType(typeCondition.name.value) : type
        spreads.push({ isIncluded, selection: this.plan(selectionSet, inner) })
      } else {
        spreads.push({ isIncluded, selection: this.#planFragment(selection.name.value) })
      }
    }
    return { fields, spreads }
  }

  #planFragment(name: string): PlannedSelection {
    const known = this.#planned.get(name)
    if (known) return known
    const fragment = this.#fragments.get(name)
    if (!fragment) return { fields: [], spreads: [] }
    const planned = this.plan(fragment.selectionSet, this.#schema.getType(fragment.typeCondition.name.value))
    this.#planned.set(name, planned)
    return planned
  }

  #planField(
    node: FieldNode,
    type: GraphQLNamedType | null | undefined,
    isIncluded: Planned<boolean> | undefined,
  ): PlannedField {
    const field = fieldOf(type, node.name.value)
    const cost = field?.extensions.cost as FieldCost | undefined
    return {
      cost: cost ?? INTROSPECTION[`${type?.name}.${node.name.value}`],
      args: this.#argsOf(node),
      isIncluded,
      inner: node.selectionSet && this.plan(node.selectionSet, field && getNamedType(field.type)),
    }
  }

  #argsOf({ arguments: given = [] }: FieldNode): Planned<FieldArgs> {
    if (given.length === 0) return planNoArgs
    const planned = new Map(given.map(({ name, value }) => [name.value, this.#valueOf(value)]))
    return (variables) => (name) => planned.get(name)?.(variables)
  }

  #valueOf(node: ValueNode): Planned<unknown> {
    if (node.kind === Kind.VARIABLE) {
      const name = node.name.value
      const fallback = this.#defaults[name]
      return (variables) => {
        const value = variables.read(name)
        return value === undefined ? fallback : value
      }
    }
    if (node.kind === Kind.LIST && hasVariables(node)) {
      const items = node.values.map((each) => this.#valueOf(each))
      return (variables) => items.map((item) => item(variables))
    }
    if (node.kind === Kind.OBJECT && hasVariables(node)) {
      const members = node.fields.map(({ name, value }) => [name.value, this.#valueOf(value)] as const)
      return (variables) => Object.fromEntries(members.map(([name, value]) => [name, value(variables)]))
    }
    const constant = valueFromASTUntyped(node)
    return () => constant
  }

  #conditionOf(directives: readonly DirectiveNode[]): Planned<boolean> | undefined {
    const conditions = directives.flatMap(({ name, arguments: given = [] }) => {
      const value = given.find((each) => each.name.value === 'if')?.value
      if (!value || (name.value !== 'skip' && name.value !== 'include')) return []
      return [{ wanted: name.value === 'include', value: this.#valueOf(value) }]
    })
    if (conditions.length === 0) return undefined
    return (variables) => conditions.every(({ wanted, value }) => value(variables) === wanted)
  }
}

function fieldOf(type: GraphQLNamedType | null | undefined, name: string): GraphQLField<unknown, unknown> | undefined {
  if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef
  if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined
}

function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)]] : [],
    ),
  )
}

function hasVariables(node: ValueNode): boolean {
  if (node.kind === Kind.VARIABLE) return true
  if (node.kind === Kind.LIST) return node.values.some(hasVariables)
  return node.kind === Kind.OBJECT && node.fields.some(({ value }) => hasVariables(value))
}
