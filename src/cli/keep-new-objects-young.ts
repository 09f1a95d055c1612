import { setFlagsFromString } from 'node:v8'

/**
 * Makes V8 allocate every object in the young generation. Must be called before the gateway serves.
 *
 * V8 watches how long the objects of each place in the code live. Under load, requests are still in flight at most garbage
 * collections, so V8 concludes that the objects of some places live long, and allocates them in the old generation. There they keep
 * the lists of finished requests alive, which the cheap garbage collection would free.
 *
 * @see docs/decisions/0015-letting-go.md for figures
 */
export function keepNewObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}
