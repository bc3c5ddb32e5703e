import type { RescaledVertex, RescaleResult, VertexScale } from '../cluster/job-handle.ts'
import { byteSize, longCount } from './quantities.ts'
import { fitLeft, fitRight, textWidth } from './text-width.ts'

const titles = ['vertex', '', 'par.', 'key groups', 'state per subtask'] as const
const nameWidthMax = 40
/** More subtasks than this are shown by the first, the second and the last. */
const subtasksMax = 4

/** Each vertex before and after, a line each; then the operators that were left as they are. */
export function rescaleTable({ vertices, unchangedOperators }: RescaleResult): readonly string[] {
  const rows = vertices.flatMap(rowsOf)
  const widths = titles.map((title, i) =>
    Math.min(
      i === 0 ? nameWidthMax : Number.POSITIVE_INFINITY,
      Math.max(...[title, ...rows.map((row) => row[i]!)].map(textWidth)),
    ),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 2 ? fitRight(cell, widths[i]!) : fitLeft(cell, widths[i]!)))
      .join('  ')
      .trimEnd()
  return [
    ...(rows.length === 0 ? [] : [line(titles), ...rows.map(line)]),
    ...(unchangedOperators.length === 0
      ? []
      : [
          `Not changed, since code sets their parallelism: ${unchangedOperators.map((name) => `"${name}"`).join(', ')}`,
        ]),
  ]
}

function rowsOf({ name, before, after }: RescaledVertex): readonly (readonly string[])[] {
  return [
    [name, 'before', ...cellsOf(before)],
    ['', 'after', ...cellsOf(after)],
  ]
}

function cellsOf({ parallelism, keyGroupRanges, stateBytes }: VertexScale): readonly string[] {
  return [
    longCount(parallelism),
    keyGroupRanges == null ? '' : abbreviated(keyGroupRanges.map(([first, last]) => `${first}-${last}`)),
    stateText(stateBytes),
  ]
}

function abbreviated(parts: readonly string[]): string {
  if (parts.length <= subtasksMax) return parts.join(', ')
  return `${parts[0]}, ${parts[1]}, … ${parts.at(-1)}`
}

function stateText(stateBytes: readonly number[]): string {
  if (stateBytes.every((bytes) => bytes === 0)) return ''
  if (stateBytes.length <= subtasksMax) return stateBytes.map(byteSize).join(', ')
  const sum = stateBytes.reduce((total, each) => total + each, 0)
  return `${byteSize(Math.min(...stateBytes))} to ${byteSize(Math.max(...stateBytes))}, ${byteSize(sum)} together`
}
