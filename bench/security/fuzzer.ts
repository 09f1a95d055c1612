import type { AttackedGateway } from '../../test/support/attacked/start-attacked-gateway.ts'

/** Odd input of one kind, and the gateway that gets it. Disposing it stops the gateway. */
export interface Fuzzer extends AsyncDisposable {
  readonly gateway: AttackedGateway
  /**
   * Sends inputs that depend on the random numbers only.
   *
   * @param sent gets each input as text, before it is sent
   */
  attack(random: () => number, inputs: number, sent: string[]): Promise<void>
}

export type OpenFuzzer = () => Promise<Fuzzer>

/** Inputs that are sent at the same time. */
export const AT_ONCE = 16
/** Milliseconds after which an input that is not answered is given up. */
export const GIVE_UP_MS = 40_000

export function pick<Value>(random: () => number, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)] as Value
}

export function upTo(random: () => number, most: number): number {
  return Math.floor(random() * (most + 1))
}

/** Sends all inputs, some at once. What fails is the client's affair: only the gateway is looked at. */
export async function sendAll<Input>(
  inputs: readonly Input[],
  send: (input: Input) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < inputs.length) {
      const input = inputs[next++] as Input
      let timer: NodeJS.Timeout | undefined
      const givenUp = new Promise((resolve) => {
        timer = setTimeout(resolve, GIVE_UP_MS)
      })
      await Promise.race([send(input).catch(() => {}), givenUp])
      clearTimeout(timer)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

/** Changes a text in a few places: parts are removed, repeated, swapped, or replaced by odd ones. */
export function mutate(random: () => number, text: string, odd: readonly string[]): string {
  let mutated = text
  for (let times = 1 + upTo(random, 3); times > 0; times--) {
    const at = upTo(random, mutated.length)
    const end = at + upTo(random, Math.min(40, mutated.length - at))
    const part = mutated.slice(at, end)
    const replacement = pick(random, [
      () => '',
      () => part.repeat(1 + upTo(random, 20)),
      () => part.repeat(Math.floor(20_000 / (part.length + 1)) + 1),
      () => pick(random, odd) + part,
      () => pick(random, odd),
      () => String.fromCodePoint(upTo(random, 0xd7ff)),
    ])()
    mutated = mutated.slice(0, at) + replacement + mutated.slice(end)
  }
  return mutated
}
