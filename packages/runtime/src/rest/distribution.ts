/** What the REST API tells of several numbers; zeros if there are none. */
export interface Distribution {
  readonly min: number
  readonly max: number
  readonly avg: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
}

/** Percentiles lie between neighbours, at `share * (count + 1)` counted from 1, as Flink's do; the average is whole. */
export function distributionOf(numbers: readonly number[]): Distribution {
  const sorted = numbers.toSorted((a, b) => a - b)
  const count = sorted.length
  const at = (share: number): number => {
    const position = share * (count + 1)
    if (count === 0) return 0
    if (position < 1) return sorted[0]!
    if (position >= count) return sorted[count - 1]!
    const below = Math.floor(position)
    return sorted[below - 1]! + (position - below) * (sorted[below]! - sorted[below - 1]!)
  }
  return {
    min: sorted[0] ?? 0,
    max: sorted[count - 1] ?? 0,
    avg: count === 0 ? 0 : Math.trunc(sorted.reduce((total, each) => total + each, 0) / count),
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    p999: at(0.999),
  }
}
