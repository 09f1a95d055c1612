/**
 * Lets the process live on when nobody reads its output any more, as in `pinql serve | head`, or when the disk of its output is full.
 * Without a listener, the first line that cannot be written would end the process.
 *
 * Output that cannot be written is lost. A line on standard error says so, if `explain` is given and somebody reads that.
 *
 * @param explain makes the line, once
 */
export function outliveReaders(explain?: (code: string) => string): void {
  const { stdout, stderr } = process
  stderr.on('error', () => {})
  stdout.on('error', () => {})
  if (explain)
    stdout.once('error', (error: NodeJS.ErrnoException) => stderr.write(explain(error.code ?? error.message)))
}
