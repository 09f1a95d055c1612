const LOOPBACK = /^(?:localhost|(?:[\w-]+\.)+localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i

/** True for a host name or address (no port) that only this machine can mean. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host)
}
