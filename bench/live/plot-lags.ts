/** The lags of live status under one load, in seconds. */
export interface LoadLags {
  readonly load: { readonly name: string }
  readonly p50: number
  readonly p95: number
  readonly p99: number
  /** Of the whole limit, by polls. */
  readonly used: number
}

const WIDTH = 760
const ROW = 46
const LEFT = 150
const RIGHT = 90
const TOP = 54
const COLOURS = { p50: '#2a9d8f', p95: '#e9c46a', p99: '#e76f51' } as const

/** Lags on a logarithmic scale, a row for every load. */
export function plotLags(results: readonly LoadLags[]): string {
  const most = Math.max(10, ...results.map(({ p99 }) => p99))
  const decades = Math.ceil(Math.log10(most)) + 1
  const x = (seconds: number): number =>
    LEFT + ((Math.log10(Math.max(0.1, seconds)) + 1) / decades) * (WIDTH - LEFT - RIGHT)
  const height = TOP + results.length * ROW + 30
  const grid = Array.from({ length: decades + 1 }, (_, index) => 10 ** (index - 1)).map(
    (seconds) =>
      `<line x1="${x(seconds).toFixed(1)}" x2="${x(seconds).toFixed(1)}" y1="${TOP - 8}" y2="${height - 30}" stroke="#ddd"/>` +
      `<text x="${x(seconds).toFixed(1)}" y="${height - 12}" text-anchor="middle">${seconds} s</text>`,
  )
  const rows = results.map((result, index) => {
    const y = TOP + index * ROW + ROW / 2
    const line = `<line x1="${x(result.p50).toFixed(1)}" x2="${x(result.p99).toFixed(1)}" y1="${y}" y2="${y}" stroke="#999" stroke-width="2"/>`
    const dots = (['p50', 'p95', 'p99'] as const).map((key) => {
      return `<circle cx="${x(result[key]).toFixed(1)}" cy="${y}" r="6" fill="${COLOURS[key]}"><title>${key} ${result[key].toFixed(2)} s</title></circle>`
    })
    const used = `<text x="${WIDTH - RIGHT + 14}" y="${y + 4}">${(result.used * 100).toFixed(0)} % used</text>`
    return `<text x="${LEFT - 14}" y="${y + 4}" text-anchor="end">${result.load.name}</text>${line}${dots.join('')}${used}`
  })
  const legend = (['p50', 'p95', 'p99'] as const).map((key, index) => {
    const at = LEFT + index * 70
    return `<circle cx="${at}" cy="36" r="6" fill="${COLOURS[key]}"/><text x="${at + 12}" y="40">${key}</text>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">`,
    '<title>Lag of live status by tenants and budget</title>',
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="14" y="20" font-size="14">From a change at the service to its event, by tenants and budget</text>`,
    ...legend,
    ...grid,
    ...rows,
    '</svg>',
    '',
  ].join('\n')
}
