// A worker must install the loader for TypeScript itself: Node 20 does not pass it on.
import { register } from 'tsx/esm/api'

register()
await import('./worker.ts')
