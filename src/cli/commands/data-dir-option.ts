import { Option } from 'commander'

/** `--data-dir`, the same for all commands that look into the folder of the embedded service. */
export function dataDirOption(): Option {
  return new Option('--data-dir <path>', 'Directory of pins, blocks and keys.').default('.pinql')
}
