const LOOPBACK = /^(?:localhost|(?:[\w-]+\.)+localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i

/** True for a host name or address, without a port, that always means this machine. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host)
}
