import { setFlagsFromString } from 'node:v8'

/**
 * Has V8 make every object in the young generation. To be called before the gateway serves.
 *
 * V8 watches how long the objects of each place in the code live. Under load, requests are still in flight at most garbage
 * collections, so that V8 takes some places for long-lived ones and makes their objects in the old generation from then
 * on. From there they keep the lists of finished requests from the cheap garbage collection.
 *
 * @see docs/decisions/0015-letting-go.md for figures
 */
export function keepNewObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}
