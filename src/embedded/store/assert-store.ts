import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Refuses a folder that no embedded service has used.
 *
 * Commands that only read call it first. With a mistyped path they would create an empty store and report success.
 *
 * @throws {Error} that names the folder. Nothing is created.
 */
export function assertStore(dataDir: string): void {
  if (existsSync(join(dataDir, 'pins.db'))) return
  throw new Error(
    `There is no pins.db in ${dataDir}: expected --data-dir to name the data directory of a pinning service`,
  )
}
