import type { SourceSplit } from '@millrace/runtime/connector'

/** The records `first`, `first + step`, ... below `end`. */
export interface DataGeneratorSplit extends SourceSplit {
  readonly first: number
  readonly end: number
  readonly step: number
  /** Its part of the rate of the whole source; those of all splits make 1 at most. */
  readonly rateShare: number
}

/** The end of a split of a source without a count. */
export const WITHOUT_END: number = Number.MAX_SAFE_INTEGER

/**
 * Cuts a split into `partCount` splits that have its records between them: ranges of neighbours, or interleaved if it has
 * no end. Parts that would be empty are left out.
 */
export function cutSplit(split: DataGeneratorSplit, partCount: number): readonly DataGeneratorSplit[] {
  if (partCount <= 1) return [split]
  const { splitId, first, end, step } = split
  const rateShare = split.rateShare / partCount
  const isEndless = end === WITHOUT_END
  const recordCount = Math.ceil((end - first) / step)
  const parts: DataGeneratorSplit[] = []
  for (let part = 0; part < partCount; part++) {
    const id = `${splitId}.${part}`
    if (isEndless) {
      parts.push({ splitId: id, first: first + part * step, end, step: step * partCount, rateShare })
      continue
    }
    const from = first + evenBound(recordCount, part, partCount) * step
    const to = Math.min(end, first + evenBound(recordCount, part + 1, partCount) * step)
    if (from < to) parts.push({ splitId: id, first: from, end: to, step, rateShare })
  }
  return parts
}

/** Where range `index` begins if `count` is cut into `rangeCount` ranges; exact also where `count * index` is not. */
export function evenBound(count: number, index: number, rangeCount: number): number {
  const size = Math.floor(count / rangeCount)
  return size * index + Math.min(index, count - size * rangeCount)
}
