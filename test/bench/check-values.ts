import { below, mix } from './random-numbers.ts'

/** What a run must come to, whatever the parallelism. */
export interface CheckValues {
  /** What reaches the sinks. */
  readonly sinkRecords: number
  /** W1: the sum of what reaches the sink; W2, W2b, W3: the total of the last sums of all keys. */
  readonly checksum: number
  /** Distinct keys, where there are keys. */
  readonly keys?: number
  /** The largest of the last sums, where that is known. */
  readonly largest?: number
}

export type WorkloadName = 'W1' | 'W2' | 'W2b' | 'W3'

/** How many records each workload has unless told otherwise; W3 has the words of its text. */
export const recordCounts: Readonly<Record<WorkloadName, number>> = {
  W1: 50_000_000,
  W2: 10_000_000,
  W2b: 10_000_000,
  W3: 12_890_040,
}

/** The values for these counts, as they were agreed on for all engines. */
export const agreedCheckValues: Readonly<Record<WorkloadName, CheckValues>> = {
  W1: { sinkRecords: 43_750_933, checksum: -8_010_899_758_957 },
  W2: { sinkRecords: 10_000_000, keys: 10_000, checksum: 4_995_747_879 },
  W2b: { sinkRecords: 10_000_000, keys: 999_947, checksum: 4_995_747_879 },
  W3: { sinkRecords: 12_890_040, keys: 20_000, checksum: 12_890_040, largest: 1_234_963 },
}

/** The values for any count, by a plain loop. */
export function checkValues(workload: WorkloadName, count: number): CheckValues {
  if (workload === 'W3' || count === recordCounts[workload]) return agreedCheckValues[workload]
  if (workload === 'W1') return w1(count)
  return keyedSums(count, workload === 'W2' ? 10_000 : 1_000_000)
}

export function w1(count: number): CheckValues {
  let sinkRecords = 0
  let checksum = 0
  for (let i = 0; i < count; i++) {
    const x = (Math.imul(mix(i, 0), 31) + 7) | 0
    if ((x & 7) === 0) continue
    sinkRecords++
    checksum += x ^ (x >>> 3)
  }
  return { sinkRecords, checksum }
}

export function keyedSums(count: number, keyBound: number): CheckValues {
  const isSeen = new Uint8Array(keyBound)
  let keys = 0
  let checksum = 0
  for (let i = 0; i < count; i++) {
    const key = below(i, 1, keyBound)
    keys += 1 - isSeen[key]!
    isSeen[key] = 1
    checksum += below(i, 2, 1_000)
  }
  return { sinkRecords: count, keys, checksum }
}
