/** A pin in the answer to a query. Fields that were not selected count as empty. */
export interface SelectedPin {
  readonly cid: string
  readonly name?: string | null | undefined
  readonly meta?: Readonly<Record<string, string>> | null | undefined
  readonly origins?: readonly string[] | null | undefined
  readonly delegates?: readonly string[] | null | undefined
  readonly service?: { readonly name: string } | null | undefined
}

/** The API's input of the same name, without `idempotencyKey`: each change needs a key of its own. */
export interface AddPinInput {
  cid: string
  name?: string
  meta?: Record<string, string>
  origins?: string[]
  service?: string
}

/** Most origins that the API accepts. */
const MAX_ORIGINS = 20
/** The API refuses an address without a peer id. */
const WITH_PEER_ID = /\/p2p\/[^/]+$/

/**
 * Makes the input that adds a pin again: after it was removed, or as a copy at another service.
 *
 * Without `options.service` the pin is added to the service that it was at, or to the default service where `service { name }` was
 * not selected. At another service the content is found at the pin's delegates and origins, so both become origins of
 * the copy: at most 20, delegates first. An address that does not end in `/p2p/{peerId}` is left out.
 *
 * @param pin select `cid name meta origins service { name }`, and `delegates` for a copy
 * @param options.service name of the service to add the pin to
 *
 * @example
 * const removed = data.removePins.flatMap(({ pin, error }) => (pin && !error ? [pin] : []))
 * await addPins({ input: { pins: removed.map((pin) => toAddPinInput(pin)) } })
 */
export function toAddPinInput(pin: SelectedPin, options: { readonly service?: string } = {}): AddPinInput {
  const from = pin.service?.name
  const service = options.service ?? from
  // Delegates are the old service's own peers, so they do not help that service.
  const delegates = service === from ? [] : (pin.delegates ?? [])
  const addresses = [...delegates, ...(pin.origins ?? [])].filter((address) => WITH_PEER_ID.test(address))
  const origins = [...new Set(addresses)].slice(0, MAX_ORIGINS)
  const meta = { ...pin.meta }
  return {
    cid: pin.cid,
    ...(pin.name ? { name: pin.name } : {}),
    ...(Object.keys(meta).length > 0 ? { meta } : {}),
    ...(origins.length > 0 ? { origins } : {}),
    ...(service === undefined ? {} : { service }),
  }
}
