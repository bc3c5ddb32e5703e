/** Words longer than this are compared by their beginning only. */
const lengthMax = 100

/** The candidate that takes the fewest edits (insert, delete, replace, swap neighbours), if `editsMax` suffice. */
export function nearestWord(word: string, candidates: Iterable<string>, editsMax: number): string | undefined {
  let nearest: string | undefined
  let fewest = editsMax + 1
  for (const candidate of candidates) {
    const edits = editDistance(word.slice(0, lengthMax), candidate.slice(0, lengthMax))
    if (edits < fewest) {
      fewest = edits
      nearest = candidate
    }
  }
  return nearest
}

/** Optimal string alignment: a swap of neighbours counts as one edit. */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let fewest = Math.min(previous[j]! + 1, current[j - 1]! + 1, replaced)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        fewest = Math.min(fewest, beforePrevious[j - 2]! + 1)
      }
      current.push(fewest)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]!
}
