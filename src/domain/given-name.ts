import { cidTexts } from './cid.ts'
import type { Pin } from './pin.ts'

/** The name that somebody gave a pin. Null where its service made one of the CID, as Filebase and 4EVERLAND do. */
export function givenNameOf({ name, cid }: Pick<Pin, 'name' | 'cid'>): string | null {
  return name !== null && cidTexts(cid).includes(name) ? null : name
}
