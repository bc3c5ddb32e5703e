import type { StatusClass } from './path-traffic.ts'
import type { TrafficTotals } from './traffic-totals.ts'

const classes: readonly StatusClass[] = ['2xx', '3xx', '4xx', '5xx']
const pathWidthMax = 48

/** The lines of a table of the paths with the most requests, under a line of totals. */
export function trafficTable(totals: TrafficTotals, malformedLines: number, topCount: number): readonly string[] {
  const rows = totals
    .top(topCount)
    .map(({ path, requests, bytes, requestsByClass }) => [
      grouped(requests),
      size(bytes),
      ...classes.map((statusClass) => grouped(requestsByClass.get(statusClass) ?? 0)),
      printable(path),
    ])
  const table = [['requests', 'sent', ...classes, 'path'], ...rows]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padStart(widths[column]!))).join('  ')
  return [
    `${grouped(totals.requests)} requests for ${grouped(totals.pathCount)} paths, ${size(totals.bytes)} sent, ` +
      `${grouped(malformedLines)} malformed lines`,
    ...table.map(line),
  ]
}

function grouped(count: number): string {
  return count.toLocaleString('en-US')
}

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1_000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]!}`
}

/** Servers escape control characters, but the file may come from elsewhere: a terminal must not obey it. */
function printable(path: string): string {
  const safe = path.replace(/\p{C}/gu, '\ufffd')
  return safe.length <= pathWidthMax ? safe : `${safe.slice(0, pathWidthMax - 1)}…`
}
