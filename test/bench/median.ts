/** The middle one of `values` by a number; the higher of the two middle ones. There is at least one. */
export function median<T>(values: readonly T[], numberOf: (value: T) => number): T {
  const sorted = values.toSorted((a, b) => numberOf(a) - numberOf(b))
  return sorted[Math.floor(sorted.length / 2)]!
}
