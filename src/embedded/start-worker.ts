import { Worker, type WorkerOptions } from 'node:worker_threads'

/** Starts `worker.js` of this folder, or `worker.ts` when this module itself runs from source. */
export function startWorker(options: WorkerOptions): Worker {
  const isSource = import.meta.url.endsWith('.ts')
  return new Worker(new URL(isSource ? './worker-from-source.mjs' : './worker.js', import.meta.url), options)
}
