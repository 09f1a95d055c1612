import { readFileSync } from 'node:fs'

/**
 * Returns the milliseconds for which the main thread of a process was ready to run and waited for a core. What takes long on a busy
 * machine takes long because of that, and not because of the process. 0 on systems other than Linux.
 */
export function waitedForCoreMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}

/** Returns the memory of a process as the system sees it, in bytes. 0 on systems other than Linux, and when the process is gone. */
export function rssBytesOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
