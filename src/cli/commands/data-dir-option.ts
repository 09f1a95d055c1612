import { Option } from 'commander'

/** `--data-dir`, the same for all commands that use the data directory of the embedded service. */
export function dataDirOption(): Option {
  return new Option('--data-dir <path>', 'Directory of pins, blocks and keys.').default('.pinql')
}
