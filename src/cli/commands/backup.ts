import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command } from 'commander'
import type { BackupError } from '../../embedded/backup/backup-error.ts'
import { describeHiddenPins } from '../../embedded/store/hidden-pins.ts'
import { openTokenStore } from '../../embedded/store/token-store.ts'
import { findGatewayToken, readGatewayToken } from '../../server/services/gateway-token.ts'
import { fileTrouble } from '../../storage/file-trouble.ts'
import { EXIT } from '../exit-codes.ts'
import { writeNewFile } from '../write-new-file.ts'
import { dataDirOption } from './data-dir-option.ts'

/** `pinql pinning-service export`: writes a backup. The service may run meanwhile. */
export function exportCommand(): Command {
  return new Command('export')
    .description('Write all pins and blocks to one CAR file, which must not exist yet.')
    .argument('<file>', 'CAR file to write.')
    .addOption(dataDirOption())
    .action(async (file: string, _: unknown, command: Command) => {
      const { exportPins } = await import('../../embedded/backup/export-pins.ts')
      const dataDir = dataDirOf(command)
      const { pins, blocks } = await writeNewFile(resolve(file), async (write) =>
        exportPins(dataDir, write, { ownToken: await findGatewayToken(dataDir) }),
      )
      process.stdout.write(`Exported ${pins} pins and ${blocks} blocks\n`)
    })
}

/** `pinql pinning-service import`: adds a backup to the data directory of a stopped service. */
export function importCommand(): Command {
  return new Command('import')
    .description('Add the pins and blocks of an exported CAR file. Stop the service before.')
    .argument('<file>', 'CAR file to read.')
    .addOption(dataDirOption())
    .action(async (file: string, _: unknown, command: Command) => {
      const { importPins } = await import('../../embedded/backup/import-pins.ts')
      const path = resolve(file)
      await using input = await openBackup(path)
      const dataDir = dataDirOf(command)
      const ownToken = async (): Promise<string> => (await readGatewayToken(dataDir)).token
      const summary = await importPins(dataDir, input.createReadStream(), { ownToken }).catch((cause: unknown) => {
        throw isBackupError(cause) ? new Error(`Cannot import ${path}: ${cause.message}`, { cause }) : cause
      })
      const rest = summary.incomplete === 0 ? '' : `; ${summary.incomplete} lack blocks and wait to be fetched`
      process.stdout.write(`Imported ${summary.pins} pins and ${summary.blocks} blocks${rest}\n`)
      await tellHiddenPins(dataDir)
    })
}

/** `pinql pinning-service verify`: checks every block and pin. Ends with 1 when a block was broken or missing. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('Hash all blocks, walk all pins, and put what is not whole back into the queue.')
    .addOption(dataDirOption())
    .action(async (_: unknown, command: Command) => {
      const { verifyStore } = await import('../../embedded/backup/verify-store.ts')
      const { blocks, broken, requeued } = await verifyStore(dataDirOf(command))
      for (const cid of broken) process.stdout.write(`broken block ${cid}\n`)
      for (const requestId of requeued) process.stdout.write(`queued again ${requestId}\n`)
      process.stdout.write(`Verified ${blocks} blocks: ${broken.length} broken, ${requeued.length} pins queued again\n`)
      if (broken.length > 0 || requeued.length > 0) process.exitCode = EXIT.failure
    })
}

/** Tells whose pins the next start will show to nobody, unless it has the token that added them. */
async function tellHiddenPins(dataDir: string): Promise<void> {
  const own = await findGatewayToken(dataDir)
  using store = await openTokenStore(dataDir)
  const owners = own === null ? [] : [store.tokens.ownerOfConfigured(own)]
  for (const hidden of store.tokens.hiddenPins(owners))
    process.stdout.write(`${describeHiddenPins(hidden, dataDir, null)}\n`)
}

/** The build gives `importPins` classes of its own, so that `instanceof` would always be false. */
function isBackupError(error: unknown): error is BackupError {
  return error instanceof Error && error.name === 'BackupError'
}

/** Opens the backup. Called first, so that a wrong path creates no data directory. */
async function openBackup(path: string): Promise<FileHandle> {
  try {
    const file = await open(path)
    if (!(await file.stat()).isDirectory()) return file
    await file.close()
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new Error(`Cannot read ${path}: ${isMissing ? 'there is no such file' : fileTrouble(cause)}`, { cause })
  }
  throw new Error(`Cannot read ${path}: it is a directory`)
}

/** Reads `--data-dir`. The parent command has the same option, and its value wins when both are given. */
function dataDirOf(command: Command): string {
  const { dataDir } = command.optsWithGlobals<{ dataDir: string }>()
  return dataDir
}
