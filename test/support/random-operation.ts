import {
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLString,
  getNamedType,
  getNullableType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'

export interface RandomOperation {
  readonly query: string
  readonly variables: Record<string, unknown>
}

const MAX_DEPTH = 5

/**
 * Makes a random operation that is valid for a schema, but for a few variables: with aliases, fragments, directives by
 * variable and by literal, arguments as literals and as variables.
 */
export function randomOperation(
  schema: GraphQLSchema,
  kind: 'query' | 'mutation' | 'subscription',
  random: () => number,
): RandomOperation {
  return new Writer(schema, random).write(kind)
}

class Writer {
  readonly #schema: GraphQLSchema
  readonly #random: () => number
  readonly #fragments: string[] = []
  readonly #definitions: string[] = []
  readonly #variables: Record<string, unknown> = {}
  #names = 0

  constructor(schema: GraphQLSchema, random: () => number) {
    this.#schema = schema
    this.#random = random
  }

  write(kind: 'query' | 'mutation' | 'subscription'): RandomOperation {
    const type = { query: 'getQueryType', mutation: 'getMutationType', subscription: 'getSubscriptionType' } as const
    const root = this.#schema[type[kind]]() as GraphQLObjectType
    const selection = kind === 'subscription' ? `{ ${this.#field(root, 0)} }` : this.#selection(root, 0)
    const definitions = this.#definitions.length > 0 ? `(${this.#definitions.join(', ')})` : ''
    return {
      query: [`${kind} Random${definitions} ${selection}`, ...this.#fragments].join('\n'),
      variables: this.#variables,
    }
  }

  #selection(type: GraphQLNamedType, depth: number): string {
    const most = depth === 0 && this.#random() < 0.6 ? 1 : depth < 3 ? 4 : 2
    const count = 1 + Math.floor(this.#random() * most)
    return `{ ${Array.from({ length: count }, () => this.#element(type, depth)).join(' ')} }`
  }

  #element(type: GraphQLNamedType, depth: number): string {
    const roll = this.#random()
    if (roll < 0.01) return `__typename${this.#directives()}`
    if (roll < 0.1) return `kind${this.#names++}: __typename${this.#directives()}`
    if (roll < 0.2 && depth > 0)
      return `... on ${this.#kindOf(type)}${this.#directives()} ${this.#selection(type, depth)}`
    if (roll < 0.3 && depth > 0) {
      const name = `F${this.#fragments.length}`
      const index = this.#fragments.push('') - 1
      this.#fragments[index] = `fragment ${name} on ${type.name} ${this.#selection(type, depth)}`
      return `...${name}${this.#directives()}`
    }
    if (isInterfaceType(type) && roll < 0.7) {
      const [one] = this.#pick(this.#schema.getPossibleTypes(type).map((each) => [each] as const))
      return `... on ${one.name} ${this.#selection(one, depth)}`
    }
    return this.#field(type, depth)
  }

  #kindOf(type: GraphQLNamedType): string {
    return type.name
  }

  #field(type: GraphQLNamedType, depth: number): string {
    if (!isObjectType(type) && !isInterfaceType(type))
      throw new TypeError(`expected a type with fields, got ${type.name}`)
    const fields = Object.values(type.getFields()).filter(
      (field) => depth < MAX_DEPTH || !isCompositeType(getNamedType(field.type)),
    )
    if (fields.length === 0) return '__typename'
    const field = this.#pick(fields)
    // Always under a name of its own, so that no two selections of a field clash.
    const alias = `${field.name}${this.#names++}: `
    const args = field.args.flatMap((each) => this.#argument(each))
    const named = getNamedType(field.type)
    const inner = isCompositeType(named) ? ` ${this.#selection(named, depth + 1)}` : ''
    // graphql-js 16 cannot check a subscription whose field a variable skips.
    const directives = type === this.#schema.getSubscriptionType() ? '' : this.#directives()
    return `${alias}${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}${directives}${inner}`
  }

  #directives(): string {
    const roll = this.#random()
    if (roll > 0.16) return ''
    const name = roll < 0.08 ? 'skip' : 'include'
    if (this.#random() < 0.5) return ` @${name}(if: ${this.#random() < 0.5})`
    if (this.#random() < 0.1) return ` @${name}(if: ${this.#variable('Boolean = true', null)})`
    return ` @${name}(if: ${this.#variable('Boolean!', this.#random() < 0.5)})`
  }

  #argument({ name, type, defaultValue }: GraphQLArgument): string[] {
    const isOptional = !isNonNullType(type) || defaultValue !== undefined
    if (isOptional && this.#random() < 0.5) return []
    // Now and then, of another type.
    const value = this.#random() < 0.03 ? { odd: [1] } : this.#value(type)
    if (this.#random() < 0.5) return [`${name}: ${this.#variable(String(type), value)}`]
    return [`${name}: ${this.#literal(this.#value(type), type)}`]
  }

  /** A value as text, in which a variable stands for a part now and then. */
  #literal(value: unknown, type: GraphQLInputType): string {
    return this.#random() < 0.05 ? this.#part(value, type) : this.#written(value, getNullableType(type))
  }

  #written(value: unknown, type: GraphQLInputType): string {
    if (value === null || value === undefined) return 'null'
    if (isListType(type)) {
      const items = (value as unknown[]).map((each) => this.#literal(each, type.ofType))
      return items.length === 1 && !items[0]?.startsWith('$') && this.#random() < 0.3
        ? String(items[0])
        : `[${items.join(', ')}]`
    }
    if (isEnumType(type)) return String(value)
    if (isInputObjectType(type)) {
      const fields = type.getFields()
      return `{ ${Object.entries(value)
        .map(([name, each]) => `${name}: ${this.#literal(each, fields[name]?.type as GraphQLInputType)}`)
        .join(', ')} }`
    }
    if (typeof value === 'object') {
      return `{ ${Object.entries(value)
        .map(([name, each]) => `${name}: ${this.#literal(each, GraphQLString)}`)
        .join(', ')} }`
    }
    return JSON.stringify(value)
  }

  /** A variable in a literal: given, null, left out, or with a default that lets it be null. */
  #part(value: unknown, type: GraphQLInputType): string {
    const nullable = getNullableType(type)
    const roll = this.#random()
    if (isNonNullType(type) && (isListType(nullable) || isInputObjectType(nullable) || roll < 0.5))
      return this.#variable(String(type), value)
    if (!isNonNullType(type)) return this.#variable(String(type), roll < 0.3 ? null : roll < 0.6 ? undefined : value)
    return this.#variable(`${nullable} = ${this.#literalOf(value, nullable)}`, roll < 0.75 ? null : undefined)
  }

  #literalOf(value: unknown, type: GraphQLInputType): string {
    return isEnumType(type) ? String(value) : JSON.stringify(value)
  }

  #variable(type: string, value: unknown): string {
    const name = `v${this.#definitions.length}`
    this.#definitions.push(`$${name}: ${type}`)
    this.#variables[name] = value
    return `$${name}`
  }

  #value(type: GraphQLInputType): unknown {
    return !isNonNullType(type) && this.#random() < 0.1 ? null : this.#given(type)
  }

  #given(type: GraphQLInputType): unknown {
    if (isNonNullType(type)) return this.#given(type.ofType)
    if (isListType(type)) {
      return Array.from({ length: Math.floor(this.#random() * 3) }, () => this.#given(type.ofType))
    }
    if (isEnumType(type)) return this.#pick(type.getValues()).name
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter(
        (field) => isNonNullType(field.type) || this.#random() < 0.5,
      )
      return Object.fromEntries(fields.map((field) => [field.name, this.#given(field.type)]))
    }
    switch (type.name) {
      case 'Int':
        return Math.floor(this.#random() * 20)
      case 'Float':
        return this.#random()
      case 'Boolean':
        return this.#random() < 0.5
      case 'StringMap':
        return { app: 'blog' }
      default:
        return `text ${Math.floor(this.#random() * 9)}`
    }
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.#random() * values.length)] as Value
  }
}
