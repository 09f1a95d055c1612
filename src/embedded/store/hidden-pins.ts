import { CONFIGURED, type HiddenPins, shortNameOf } from './token-store.ts'

/**
 * Says for the operator whose pins no token shows, and what shows them again.
 *
 * @param to owner to whom they would be given. Null for the token of the data directory.
 */
export function describeHiddenPins({ owner, pins }: HiddenPins, dataDir: string, to: string | null): string {
  const count = pins === 1 ? '1 pin is' : `${pins} pins are`
  if (!owner.startsWith(CONFIGURED)) {
    return `${count} hidden: the token ${JSON.stringify(owner)} does not exist here; "pinql token create --name ${quoted(owner)} --data-dir ${quoted(dataDir)}" makes one`
  }
  const target = to === null ? '' : ` --to ${shortNameOf(to)}`
  return (
    `${count} hidden: they were added with a token that is not configured now. Start with that token, or stop pinql and run ` +
    `"pinql token adopt --from ${shortNameOf(owner)}${target} --data-dir ${quoted(dataDir)}"`
  )
}

/** Quotes an argument for a shell where it needs that. */
function quoted(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
