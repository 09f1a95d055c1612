import { basename, resolve } from 'node:path'
import { Command } from 'commander'
import { FileTroubleError } from '../../storage/file-trouble.ts'
import { listenForStop } from '../listen-for-stop.ts'

const MUTATION = `mutation AddPin($input: AddPinInput!) {
  addPin(input: $input) {
    pin { id status }
    error { code message }
  }
}`

/** `pinql add`: serves a file or directory, so that a newcomer has real content to pin. */
export function addCommand(): Command {
  return new Command('add')
    .description(
      'Serve a file or directory from a small IPFS node on loopback, until Ctrl-C, so that it can be pinned.',
    )
    .argument('<path>', 'File or directory.')
    .option('--json', 'Print one JSON object: cid, origins, blocks, bytes, variables.', false)
    .action(add)
}

async function add(text: string, { json }: { json: boolean }, command: Command): Promise<void> {
  if (text === '') command.error("error: argument 'path' expects a file or directory, got nothing")
  // The name of "." is that of the directory.
  const path = resolve(text)
  const { startOriginNode } = await import('../../embedded/bitswap/start-origin-node.ts')
  const node = await startOriginNode({ path }).catch((cause: NodeJS.ErrnoException) => {
    // The system names the file below a directory.
    throw cause.syscall === undefined ? cause : new FileTroubleError(`Cannot read ${cause.path ?? path}`, { cause })
  })
  const { cid, origins, blocks, bytes } = node
  // The root of a file system has no name.
  const name = basename(path)
  const variables = { input: { cid, ...(name !== '' && { name }), origins } }
  process.stdout.write(
    json
      ? `${JSON.stringify({ cid, origins, blocks, bytes, variables })}\n`
      : `CID      ${cid}
Origins  ${origins.join('\n         ')}
Size     ${bytes} bytes in ${blocks} blocks

Paste into GraphiQL:

${MUTATION}

Variables:

${JSON.stringify(variables, null, 2)}

Serving the content until Ctrl-C. Stop when the pin's status is PINNED.
`,
  )
  await listenForStop().endOf(node)
}
