// Node 20 does not pass the loader for TypeScript on to a worker, so that a worker has to install it itself.
import { register } from 'tsx/esm/api'

register()
await import('./worker.ts')
