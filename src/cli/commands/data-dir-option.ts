import { InvalidArgumentError, Option } from 'commander'
import { resolveDataDir } from '../../config/data-dir.ts'

/** `--data-dir`, the same for all commands that use the data directory of the embedded service. Its value is an absolute path. */
export function dataDirOption(): Option {
  const option = new Option('--data-dir <path>', 'Directory of pins, blocks and keys.')
  return option.default(parseDataDir('.pinql'), '.pinql').argParser(parseDataDir)
}

function parseDataDir(text: string): string {
  const path = resolveDataDir(text, process.cwd())
  if (path === null) throw new InvalidArgumentError('Expected a path, which may begin with "~/" or "$HOME/".')
  return path
}
