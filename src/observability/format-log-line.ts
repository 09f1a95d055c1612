/**
 * Turns a JSON log line into one for people: `12:00:00 warn  service is slow  service=filebase`.
 *
 * @param line a line of the logger. Any other text is returned unchanged.
 */
export function formatLogLine(line: string): string {
  let entry: Record<string, unknown>
  try {
    entry = JSON.parse(line)
  } catch {
    return line
  }
  const { time, level, msg, err, ...fields } = entry
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const head = [String(time).slice(11, 19), String(level).padEnd(5), msg, ...rest].filter(Boolean).join(' ')
  const stack = (err as { stack?: string } | undefined)?.stack
  return `${stack ? `${head}\n${stack}` : head}\n`
}
