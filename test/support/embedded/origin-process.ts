import { startOriginNode } from '../../../src/embedded/bitswap/start-origin-node.ts'

// Run as a process of its own: serves the path that it was given, and says so in one line of JSON.
const [path = ''] = process.argv.slice(2)
const { cid, origins } = await startOriginNode({ path })
process.stdout.write(`${JSON.stringify({ cid, origins })}\n`)
