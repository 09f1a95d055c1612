/**
 * Normalises an entry of `corsOrigins`: `*`, `loopback`, `null` (pages in sandboxes and files), an origin of any scheme such as
 * `https://app.example.com`, `chrome-extension://…` or `capacitor://localhost`, or one with `*.` for all names below a host.
 *
 * Origins get the form in which browsers send them. A trailing slash is dropped.
 *
 * @returns null for any other text
 */
export function normaliseOriginRule(text: string): string | null {
  if (text === '*' || text === 'loopback' || text === 'null') return text
  const [, scheme = '', wildcard = '', authority = ''] =
    /^([a-z][a-z\d+.-]*):\/\/(\*\.)?([^/?#@*]+)\/?$/i.exec(text) ?? []
  const url = `${scheme}://${authority}`
  if (!URL.canParse(url)) return null
  const { protocol, host } = new URL(url)
  return host === '' ? null : `${protocol}//${wildcard}${host.toLowerCase()}`
}
