import { DEFAULT_KINDS } from '../../src/live/live-event.ts'
import { LiveReader, type LiveReaderOptions } from '../../src/live/live-reader.ts'

/** A reader of one tenant's events, of the kinds of the first version of the API, unless the options say otherwise. */
export function createReader(onEnd: () => void, options: Partial<LiveReaderOptions> = {}): LiveReader {
  return new LiveReader(onEnd, { parts: 1, kinds: DEFAULT_KINDS, operationId: undefined, ...options })
}
