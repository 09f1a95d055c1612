import { cidTexts } from './cid.ts'
import type { Pin } from './pin.ts'

/** Returns the name that somebody gave a pin. Null if the service named the pin by its CID, as Filebase and 4EVERLAND do. */
export function givenNameOf({ name, cid }: Pick<Pin, 'name' | 'cid'>): string | null {
  return name !== null && cidTexts(cid).includes(name) ? null : name
}
