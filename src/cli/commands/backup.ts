import { type FileHandle, open, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { dataDirOption } from './data-dir-option.ts'

/** `pinql pinning-service export`: writes a backup. The service may run meanwhile. */
export function exportCommand(): Command {
  return new Command('export')
    .description('Write all pins and blocks to one CAR file, which must not exist yet.')
    .argument('<file>', 'CAR file to write.')
    .addOption(dataDirOption())
    .action(async (file: string, _: unknown, command: Command) => {
      const { exportPins } = await import('../../embedded/backup/export-pins.ts')
      const path = resolve(file)
      let output: FileHandle | null = null
      try {
        const { pins, blocks } = await exportPins(dataDirOf(command), async (bytes) => {
          // Created only now, so that a failed start leaves no file. The mode protects the content of all tokens.
          output ??= await open(path, 'wx', 0o600)
          await output.appendFile(bytes)
        })
        await (output as FileHandle | null)?.sync()
        process.stdout.write(`Exported ${pins} pins and ${blocks} blocks\n`)
      } catch (error) {
        // An incomplete backup must not look complete.
        if (output) await rm(path, { force: true })
        throw error
      } finally {
        await (output as FileHandle | null)?.close()
      }
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
      await using input = await openBackup(resolve(file))
      const summary = await importPins(dataDirOf(command), input.createReadStream())
      const rest = summary.incomplete === 0 ? '' : `; ${summary.incomplete} lack blocks and wait to be fetched`
      process.stdout.write(`Imported ${summary.pins} pins and ${summary.blocks} blocks${rest}\n`)
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

/** Opens the backup. Called first, so that a wrong path creates no data directory. */
async function openBackup(path: string): Promise<FileHandle> {
  try {
    const file = await open(path)
    if (!(await file.stat()).isDirectory()) return file
    await file.close()
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new Error(`Cannot read ${path}: ${code === 'ENOENT' ? 'there is no such file' : message}`, { cause })
  }
  throw new Error(`Cannot read ${path}: it is a directory`)
}

/** Reads `--data-dir`. The parent command has the same option, and its value wins when both are given. */
function dataDirOf(command: Command): string {
  const { dataDir } = command.optsWithGlobals<{ dataDir: string }>()
  return dataDir
}
