import type { JobMetrics } from '../cluster/job-handle.ts'
import type { Palette } from './palette.ts'
import { elapsed, percent, shortCount } from './quantities.ts'
import { fitLeft, fitRight, textWidth } from './text-width.ts'
import { vertexLag } from './vertex-lag.ts'
import { type VertexRates, vertexRates } from './vertex-rates.ts'
import { vertexState } from './vertex-state.ts'

/** What the live view shows. */
export interface LiveViewInput {
  readonly jobName: string
  readonly jobId: string
  readonly now: JobMetrics
  /** An earlier reading, about a second ago, from which the rates come. */
  readonly before: JobMetrics | undefined
  /** Of the terminal. */
  readonly width: number
  readonly height: number
  readonly palette: Palette
}

interface Row {
  readonly name: string
  readonly parallelism: string
  readonly state: string
  readonly rates: VertexRates
  readonly total: number
  /** Records that a source knows of and has not read; undefined for what does not tell. */
  readonly lag: number | undefined
}

interface Column {
  readonly title: string
  readonly width: number
  /** Where there is no room for all, those with the lowest go first. */
  readonly importance: number
  cell(row: Row, width: number, palette: Palette): string
}

const barWidth = 8
const nameWidthMin = 12
const gap = '  '

/** Only there while a vertex tells its lag. */
const lagColumn: Column = {
  title: 'lag',
  width: 6,
  importance: 5.5,
  cell: ({ lag }, width) => (lag === undefined ? fitRight('', width) : count(lag, width)),
}

const columns: readonly Column[] = [
  { title: 'par.', width: 4, importance: 3, cell: ({ parallelism }, width) => fitRight(parallelism, width) },
  { title: 'state', width: 12, importance: 4, cell: ({ state }, width, palette) => paintState(state, width, palette) },
  { title: 'in/s', width: 6, importance: 6, cell: ({ rates }, width) => count(rates.recordsInPerSecond, width) },
  { title: 'out/s', width: 6, importance: 7, cell: ({ rates }, width) => count(rates.recordsOutPerSecond, width) },
  lagColumn,
  { title: 'total', width: 6, importance: 2, cell: ({ total }, width) => count(total, width) },
  {
    title: 'busy',
    width: barWidth + 5,
    importance: 5,
    cell: ({ rates }, _, palette) => busyBar(rates.busyShare, palette),
  },
  {
    title: 'back pr.',
    width: 8,
    importance: 1,
    cell: ({ rates }, width, palette) => backPressure(rates.backPressuredShare, width, palette),
  },
]

/** One line for the job, one for the titles, and one for each vertex, none wider than the terminal. */
export function liveView(input: LiveViewInput): readonly string[] {
  const { jobName, jobId, now, before, palette } = input
  // A line that fills the terminal's last column makes some terminals wrap.
  const width = Math.max(1, input.width - 1)
  const rates = vertexRates(before, now)
  const rows = now.vertices.map((vertex, i): Row => {
    const { name, parallelism, recordsIn, recordsOut } = vertex
    const total = Math.max(recordsIn, recordsOut)
    const state = vertexState(vertex)
    return { name, parallelism: String(parallelism), state, rates: rates[i]!, total, lag: vertexLag(vertex) }
  })
  // The two lines above, one for "more" below, and the cursor's own.
  const rowsMax = Math.max(1, input.height - 4)
  const shown = rows.slice(0, rows.length <= rowsMax + 1 ? rowsMax + 1 : rowsMax)
  const chosen = chooseColumns(
    rows.some(({ lag }) => lag !== undefined) ? columns : columns.filter((column) => column !== lagColumn),
    width,
  )
  const longestName = Math.max(nameWidthMin, ...shown.map(({ name }) => textWidth(name)))
  const nameWidth = Math.max(1, Math.min(longestName, width - widthOf(chosen)))

  const status = fitLeft(`${jobName}${gap}${jobId}${gap}${now.status}${gap}${elapsed(now.elapsedMs)}`, width).trimEnd()
  const titles = fitLeft('vertex', nameWidth) + chosen.map((column) => gap + title(column)).join('')
  const lines = shown.map(
    (row) =>
      fitLeft(row.name, nameWidth) + chosen.map((column) => gap + column.cell(row, column.width, palette)).join(''),
  )
  const hidden = rows.length - shown.length
  const more = hidden === 0 ? [] : [palette.dim(fitLeft(`and ${hidden} more`, width).trimEnd())]
  return [palette.bold(status), palette.dim(titles.trimEnd()), ...lines, ...more]
}

function chooseColumns(available: readonly Column[], width: number): readonly Column[] {
  const byImportance = available.toSorted((a, b) => b.importance - a.importance)
  let chosen: readonly Column[] = []
  for (const column of byImportance) {
    if (widthOf([...chosen, column]) + nameWidthMin > width) break
    chosen = [...chosen, column]
  }
  return available.filter((column) => chosen.includes(column))
}

function widthOf(chosen: readonly Column[]): number {
  return chosen.reduce((sum, column) => sum + gap.length + column.width, 0)
}

function title(column: Column): string {
  const isText = column.title === 'state' || column.title === 'busy'
  return isText ? fitLeft(column.title, column.width) : fitRight(column.title, column.width)
}

function count(value: number, width: number): string {
  return fitRight(shortCount(value), width)
}

function busyBar(share: number, palette: Palette): string {
  const filled = Math.round(share * barWidth)
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled)
  return `${share >= 0.9 ? palette.yellow(bar) : palette.green(bar)} ${fitRight(percent(share), 4)}`
}

function backPressure(share: number, width: number, palette: Palette): string {
  const text = fitRight(percent(share), width)
  return share >= 0.5 ? palette.red(text) : share >= 0.1 ? palette.yellow(text) : text
}

function paintState(state: string, width: number, palette: Palette): string {
  const text = fitLeft(state, width)
  if (state === 'FAILED') return palette.red(text)
  if (state === 'RUNNING' || state === 'FINISHED') return palette.green(text)
  return palette.yellow(text)
}
