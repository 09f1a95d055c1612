import { type SelectedPin, toAddPinInput } from 'pinql/client'
import type { AddPinsInput } from '../codegen/generated/graphql.ts'

/** The input that adds removed pins again, each at the service it was removed from. */
export function addAgain(payloads: readonly { pin?: SelectedPin | null; error?: unknown }[]): AddPinsInput {
  const removed = payloads.flatMap(({ pin, error }) => (pin && !error ? [pin] : []))
  return { pins: removed.map((pin) => toAddPinInput(pin)) }
}
