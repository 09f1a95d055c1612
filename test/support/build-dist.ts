import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The end-to-end tests run the published files, so the build comes first. */
export function setup(): void {
  const cwd = fileURLToPath(new URL('../../', import.meta.url))
  execFileSync(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], { cwd, stdio: 'inherit' })
}
