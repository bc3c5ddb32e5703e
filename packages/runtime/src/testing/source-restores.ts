import { inspect } from 'node:util'
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { Source, SourceSplit } from '../connector/source.ts'
import { readSource, type SourceSnapshot } from './source-harness.ts'

/** One attempt of {@link readSourceThroughFailures}. */
export interface FailingAttempt {
  readonly parallelism: number
  /** Its snapshot is taken when it has emitted so many records. */
  readonly snapshotAfter: number
  /** It fails so many records later, and these are forgotten; 0 unless given. */
  readonly recordsLost?: number
}

/** How {@link readSourceThroughFailures} drives a source. */
export interface SourceRestoreOptions {
  readonly clock: Clock
  /** Each but the first starts from the snapshot of the one before; after them, one reads to the end. */
  readonly attempts: readonly FailingAttempt[]
  /** Of the one that reads to the end; 1 unless given. */
  readonly parallelism?: number
  /** As in `readSource`. */
  readonly pollLimit?: (subtaskIndex: number) => number
}

/**
 * Reads a bounded source through failures and changes of parallelism, and compares with a run that had none: throws unless
 * both saw the same records, each as often. Answers the records in the order in which they came.
 *
 * @example
 * const attempts = [{ parallelism: 2, snapshotAfter: 3, recordsLost: 2 }, { parallelism: 3, snapshotAfter: 0 }]
 * const records = await readSourceThroughFailures(new SequenceSource(1, 6), { clock: new SystemClock(), attempts })
 * records.toSorted() // -> [1, 2, 3, 4, 5, 6]
 */
export async function readSourceThroughFailures<T, SplitT extends SourceSplit>(
  source: Source<T, SplitT>,
  { clock, attempts, parallelism = 1, pollLimit }: SourceRestoreOptions,
): Promise<readonly T[]> {
  const shared = pollLimit === undefined ? { clock } : { clock, pollLimit }
  const expected = await readSource(source, shared)
  const kept: T[] = []
  let restore: SourceSnapshot<T, SplitT> | undefined
  let hasEnded = false
  for (const { snapshotAfter, recordsLost = 0, ...attempt } of attempts) {
    const recordsMax = snapshotAfter + recordsLost
    const result = await readSource(source, { ...shared, ...attempt, snapshotAfter, recordsMax, restore })
    hasEnded = result.snapshot === undefined
    kept.push(...(result.snapshot?.records ?? result.records).flat())
    if (hasEnded) break
    restore = result.snapshot
  }
  if (!hasEnded) kept.push(...(await readSource(source, { ...shared, parallelism, restore })).records.flat())
  const difference = differenceOf(expected.records.flat(), kept)
  assert(
    difference.missing.length === 0 && difference.surplus.length === 0,
    () =>
      `After ${inspect(attempts)}, records are missing: ${show(difference.missing)}; surplus: ${show(difference.surplus)}`,
  )
  return kept
}

function differenceOf(
  expected: readonly unknown[],
  seen: readonly unknown[],
): { missing: string[]; surplus: string[] } {
  const counts = new Map<string, number>()
  const count = (records: readonly unknown[], by: number) => {
    for (const record of records) {
      const text = inspect(record, { depth: Number.POSITIVE_INFINITY, maxArrayLength: null, maxStringLength: null })
      counts.set(text, (counts.get(text) ?? 0) + by)
    }
  }
  count(expected, 1)
  count(seen, -1)
  const missing = [...counts].flatMap(([text, n]) => (n > 0 ? [text] : []))
  const surplus = [...counts].flatMap(([text, n]) => (n < 0 ? [text] : []))
  return { missing, surplus }
}

function show(records: readonly string[]): string {
  return records.length === 0 ? 'none' : `${records.slice(0, 5).join(', ')} (${records.length} in all)`
}
