import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Refuses a folder that no embedded service has run in.
 *
 * For whatever reads what is there: with a mistyped path it would make a new, empty store, and call that a success.
 *
 * @throws {Error} naming the folder; nothing is made
 */
export function assertStore(dataDir: string): void {
  if (existsSync(join(dataDir, 'pins.db'))) return
  throw new Error(
    `There is no pins.db in ${dataDir}: expected --data-dir to name the data directory of a pinning service`,
  )
}
