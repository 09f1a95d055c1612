import { createSchema } from '../../src/schema/schema.ts'
import { COSTLY_OPERATIONS, type CostlyOperation, many } from '../../test/support/attacked/costly-operations.ts'
import { KNOWN, startAttackedGateway } from '../../test/support/attacked/start-attacked-gateway.ts'
import { TRANSPORTS } from '../../test/support/gateway/every-transport.ts'
import { compliant } from '../../test/support/providers/compliant.ts'
import { startEmulatedProvider } from '../../test/support/providers/emulated-provider.ts'
import { exampleCid } from '../../test/support/providers/example-cid.ts'
import { randomOperation } from '../../test/support/random-operation.ts'
import { type Fuzzer, mutate, pick, sendAll, upTo } from './fuzzer.ts'

const TOKEN = 'alice-token'
const ODD = [
  '{',
  '}',
  '[',
  '(',
  '...',
  '@skip(if: $x)',
  '"""',
  '$',
  '#\u{1f4cc}',
  '__proto__',
  '0'.repeat(400),
  'content { pins { ',
  'a: ',
  '\\u{',
  '!',
  '&',
  '\0',
]

interface Sent extends CostlyOperation {
  readonly way: string
}

/** Random operations, most of them valid, by every way in: written by the schema, and changed afterwards. */
export async function openDocuments(): Promise<Fuzzer> {
  const service = await startEmulatedProvider(compliant)
  const pins = many(300, (n) => ({ cid: exampleCid(Math.min(n, 280)), name: `pin ${n}`, status: 'pinned' as const }))
  service.seed(TOKEN, pins)
  const gateway = await startAttackedGateway({
    services: { one: { endpoint: service.endpoint, token: TOKEN, ...KNOWN } },
  })
  const schema = createSchema()
  const ways = Object.keys(TRANSPORTS)

  function inputOf(random: () => number): Sent {
    const way = pick(random, ways)
    const most = way === 'GET' ? 5_000 : 50_000
    const roll = random()
    const kind = roll < 0.7 ? 'query' : 'mutation'
    const made =
      roll < 0.9
        ? randomOperation(schema, kind, random)
        : pick(random, Object.values(COSTLY_OPERATIONS))[1](200 + upTo(random, most / 10))
    const query = random() < 0.5 ? made.query : mutate(random, made.query, ODD)
    const variables = JSON.stringify(made.variables ?? {})
    return { way, query: query.slice(0, most), variables: variablesOf(random, variables) }
  }

  return {
    gateway,
    async attack(random, inputs, sent) {
      const operations = many(inputs, () => inputOf(random))
      await sendAll(operations, async ({ way, ...operation }) => {
        sent.push(`${way} ${JSON.stringify(operation)}`)
        await TRANSPORTS[way]?.(gateway.url, operation)
      })
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
    },
  }
}

/** Returns the variables as they are, or changed where they are still JSON then. */
function variablesOf(random: () => number, text: string): Record<string, unknown> {
  try {
    return JSON.parse(
      random() < 0.5 ? text : mutate(random, text, ['[', '{', '"', '1e999', 'null', '"__proto__":', '-']),
    )
  } catch {
    return JSON.parse(text)
  }
}
