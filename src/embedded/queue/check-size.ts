import { PinFailure } from '../store/pin-failure.ts'
import type { Limits } from './limits.ts'

/** @throws {PinFailure} when a DAG has more blocks or bytes than one may have */
export function checkDagSize({ maxDagBlocks, maxDagBytes }: Limits, size: { blocks: number; bytes: number }): void {
  if (size.blocks > maxDagBlocks) throw new PinFailure(`The DAG has more than ${maxDagBlocks} blocks`)
  if (size.bytes > maxDagBytes) throw new PinFailure(`The DAG has more than ${maxDagBytes} bytes`)
}

/** @throws {PinFailure} when the pins of a token hold more bytes than they may */
export function checkTokenBytes({ maxBytesPerToken }: Limits, bytes: number): void {
  if (bytes > maxBytesPerToken) throw new PinFailure(`The token's pins hold more than its ${maxBytesPerToken} bytes`)
}
