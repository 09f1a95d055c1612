import { Worker, type WorkerOptions } from 'node:worker_threads'

/** Starts `worker.js` of this folder, or `worker.ts` where this module itself runs from its source. */
export function startWorker(options: WorkerOptions): Worker {
  const isSource = import.meta.url.endsWith('.ts')
  return new Worker(new URL(isSource ? './worker-from-source.mjs' : './worker.js', import.meta.url), options)
}
