// Runs the tests that open no browser and start no command on each newer Node that pinql is meant for.
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { bringNode, NEWER_NODES } from './bring-node.ts'

const PROJECTS = ['unit', 'schema', 'integration']
const folder = await mkdtemp(join(tmpdir(), 'pinql-nodes-'))
try {
  for (const major of NEWER_NODES) {
    const bin = await bringNode(folder, major)
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` }
    const args = ['node_modules/vitest/vitest.mjs', 'run', ...PROJECTS.flatMap((name) => ['--project', name])]
    execFileSync(join(bin, 'node'), args, { env, stdio: 'inherit' })
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
