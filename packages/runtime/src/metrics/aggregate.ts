import type { MetricKind } from './metric-group.ts'

/** One number for those of several subtasks, taken one after the other; `before` is undefined for the first. */
export function aggregate(before: number | undefined, value: number, kind: MetricKind): number {
  if (before === undefined) return value
  switch (kind) {
    case 'counter':
    case 'sum':
      return before + value
    case 'max':
      return Math.max(before, value)
    case 'min':
      return Math.min(before, value)
  }
}
