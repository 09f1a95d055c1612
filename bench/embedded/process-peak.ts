import { readFileSync } from 'node:fs'

/** The most memory that a process has had resident so far, in MB; Linux only, else null. */
export function peakRssMb(pid: number | undefined): number | null {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1_000)
  } catch {
    return null
  }
}
