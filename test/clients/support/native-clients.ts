import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientProgram } from './client-program.ts'
import { runCommand } from './run-command.ts'

const GO: ClientProgram = {
  name: 'go',
  needs: ['go'],
  lockFile: 'test/clients/go/go.sum',
  watches: true,
  async prepare({ root, cache }) {
    const cwd = join(root, 'test/clients/go')
    await runCommand({ command: 'go', args: ['tool', 'genqlient'], cwd })
    await runCommand({ command: 'go', args: ['build', '-o', join(cache, 'client'), '.'], cwd })
  },
  run: ({ cache }) => ({ command: join(cache, 'client'), args: [] }),
}

const RUST: ClientProgram = {
  name: 'rust',
  needs: ['cargo', 'cc'],
  lockFile: 'test/clients/rust/Cargo.lock',
  watches: true,
  async prepare({ root, cache }) {
    const env = { CARGO_TARGET_DIR: cache }
    await runCommand({ command: 'cargo', args: ['build', '--locked'], cwd: join(root, 'test/clients/rust'), env })
  },
  run: ({ cache }) => ({ command: join(cache, 'debug/pinql-client'), args: [] }),
}

const PYTHON: ClientProgram = {
  name: 'python',
  needs: ['python3'],
  lockFile: 'test/clients/python/requirements.txt',
  watches: true,
  async prepare({ root, cache }) {
    const cwd = join(root, 'test/clients/python')
    const isInstalled = join(cache, 'installed')
    if (!existsSync(isInstalled)) {
      await runCommand({ command: 'python3', args: ['-m', 'venv', '--clear', join(cache, 'venv')] })
      const args = ['install', '--quiet', '--no-input', '--no-deps', '--requirement', 'requirements.txt']
      await runCommand({ command: join(cache, 'venv/bin/pip'), args, cwd })
      await writeFile(isInstalled, '')
    }
    await rm(join(cwd, 'generated'), { recursive: true, force: true })
    await runCommand({ command: join(cache, 'venv/bin/ariadne-codegen'), args: [], cwd })
  },
  run: ({ root, cache }) => ({
    command: join(cache, 'venv/bin/python'),
    args: ['-B', join(root, 'test/clients/python/main.py')],
  }),
}

/** The clients in languages other than TypeScript. */
export const NATIVE_CLIENTS: readonly ClientProgram[] = [GO, RUST, PYTHON]
