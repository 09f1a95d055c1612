import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The end-to-end tests run what is published, so it is built first. */
export function setup(): void {
  const cwd = fileURLToPath(new URL('../../', import.meta.url))
  execFileSync(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], { cwd, stdio: 'inherit' })
}
