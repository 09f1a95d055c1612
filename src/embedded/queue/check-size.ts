import type { Limits } from '../limits.ts'
import { PinFailedError } from './keeper.ts'

/** @throws {PinFailedError} when a DAG has more blocks or bytes than the limits allow */
export function checkDagSize({ maxDagBlocks, maxDagBytes }: Limits, size: { blocks: number; bytes: number }): void {
  if (size.blocks > maxDagBlocks) throw new PinFailedError(`The DAG has more than ${maxDagBlocks} blocks`)
  if (size.bytes > maxDagBytes) throw new PinFailedError(`The DAG has more than ${maxDagBytes} bytes`)
}

/** @throws {PinFailedError} when the pins of a token hold more bytes than the limits allow */
export function checkTokenBytes({ maxBytesPerToken }: Limits, bytes: number): void {
  if (bytes > maxBytesPerToken)
    throw new PinFailedError(`The token's pins hold more than its ${maxBytesPerToken} bytes`)
}
