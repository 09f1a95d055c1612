import type { EmulatedPin, PinBody } from './emulated-pin.ts'

/** The answers that show pins. */
export type View = 'add' | 'replace' | 'get' | 'list'

/** The form of a field without a value (#23). */
type NoValue = 'absent' | 'null' | 'empty'

/** The form in which a service writes a pin. */
export interface PinShape {
  readonly noName: NoValue
  readonly noOrigins: NoValue
  readonly noMeta: NoValue
  readonly delegates: (pin: EmulatedPin, view: View) => readonly string[]
  /** Undefined: the field is left out. */
  readonly info: (pin: EmulatedPin) => Readonly<Record<string, unknown>> | null | undefined
  /** The last word: extra fields, other spellings. */
  readonly decorate: (shown: ShownPin, pin: EmulatedPin, view: View) => object
}

/** A `PinStatus` of the specification, before a service's own additions. */
interface ShownPin {
  readonly requestid: string
  readonly status: string
  readonly created: string
  readonly pin: Readonly<Record<string, unknown>>
  readonly delegates: readonly string[]
  readonly info?: Readonly<Record<string, unknown>> | null
}

/** Writes a pin down as its service does. */
export function showPin(shape: PinShape, pin: EmulatedPin, created: string, view: View): object {
  const info = shape.info(pin)
  const shown: ShownPin = {
    requestid: pin.requestId,
    status: pin.status,
    created,
    pin: {
      cid: pin.cid,
      ...written('name', pin.name, shape.noName, ''),
      ...written('origins', pin.origins, shape.noOrigins, []),
      ...written('meta', pin.meta, shape.noMeta, {}),
    },
    delegates: shape.delegates(pin, view),
    ...(info === undefined ? {} : { info }),
  }
  return shape.decorate(shown, pin, view)
}

/** Returns the `info` that the pin itself holds. Undefined without any, so that the field is left out. */
export function infoIfAny(pin: EmulatedPin): Readonly<Record<string, string>> | undefined {
  return Object.keys(pin.info).length > 0 ? pin.info : undefined
}

/** #24: a pin without a name gets its CID for one. */
export function nameIsCid(body: PinBody): PinBody {
  return { ...body, name: body.name ?? body.cid }
}

function written(field: string, value: unknown, noValue: NoValue, empty: unknown): Record<string, unknown> {
  if (value !== null && value !== '') return { [field]: value }
  return noValue === 'absent' ? {} : { [field]: noValue === 'null' ? null : empty }
}
