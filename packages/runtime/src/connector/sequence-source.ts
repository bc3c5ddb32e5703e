import { Availability } from './availability.ts'
import { FixedSplitEnumerator } from './fixed-split-enumerator.ts'
import type {
  InputStatus,
  ReaderOutput,
  Source,
  SourceReader,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from './source.ts'

/** In snapshots a reader has so many splits if it can, so that more readers find work after a restore. */
const SNAPSHOT_SPLITS = 8

/** The integers `from .. to`, both included. */
export interface SequenceSplit extends SourceSplit {
  readonly from: number
  readonly to: number
}

/**
 * Emits the integers from `from` to `to`, both included, as Flink's NumberSequenceSource does: every subtask has one
 * contiguous part, in order, and their sizes differ by one at most. After a restore at another parallelism a subtask has
 * several pieces of the parts that were. The caller has checked that both are safe integers and `from <= to`.
 *
 * @example
 * const job = defineJob('sequence', (env) => {
 *   env.fromSource(new SequenceSource(1, 3), WatermarkStrategy.noWatermarks(), 'Numbers').collect('numbers')
 * })
 * const result = await runInSimulation(job)
 * result.collected('numbers') // -> [1, 2, 3]
 */
export class SequenceSource implements Source<number, SequenceSplit> {
  readonly boundedness = 'bounded'
  readonly #from: number
  readonly #to: number

  constructor(from: number, to: number) {
    this.#from = from
    this.#to = to
  }

  createEnumerator(context: SplitEnumeratorContext<SequenceSplit>): SplitEnumerator {
    return new FixedSplitEnumerator(splitSequence(this.#from, this.#to, context.parallelism), context)
  }

  restoreEnumerator(context: SplitEnumeratorContext<SequenceSplit>, state: unknown): SplitEnumerator {
    return FixedSplitEnumerator.restore(state, context)
  }

  createReader(): SourceReader<number, SequenceSplit> {
    return new SequenceReader()
  }
}

/** Cuts `from .. to` into at most `splitCount` parts; the first ones are one longer if it does not divide evenly. */
export function splitSequence(from: number, to: number, splitCount: number): readonly SequenceSplit[] {
  // `to - from + 1` may be beyond the safe integers although both ends are within.
  const count = BigInt(to) - BigInt(from) + 1n
  const parts = BigInt(splitCount)
  const size = count / parts
  const longerParts = count % parts
  const splits: SequenceSplit[] = []
  let start = BigInt(from)
  for (let i = 0n; i < parts; i++) {
    const end = start + size + (i < longerParts ? 1n : 0n)
    if (end > start) splits.push({ splitId: String(i), from: Number(start), to: Number(end - 1n) })
    start = end
  }
  return splits
}

class SequenceReader implements SourceReader<number, SequenceSplit> {
  readonly #availability = new Availability()
  /** Those after the current one. */
  readonly #splits: SequenceSplit[] = []
  #splitId = ''
  #next = 0
  #last = -1
  #noMoreSplits = false

  pollNext(output: ReaderOutput<number>): InputStatus {
    for (;;) {
      // Locals: a private field per record costs more than the record (bench: workload W1).
      let next = this.#next
      const last = this.#last
      while (next <= last) {
        if (!output.collect(next++)) {
          this.#next = next
          return 'more-available'
        }
      }
      this.#next = next
      const split = this.#splits.shift()
      if (split === undefined) return this.#noMoreSplits ? 'end-of-input' : 'nothing-available'
      this.#splitId = split.splitId
      this.#next = split.from
      this.#last = split.to
    }
  }

  isAvailable(): Promise<void> {
    return this.#availability.wait()
  }

  addSplits(splits: readonly SequenceSplit[]): void {
    this.#splits.push(...splits)
    this.#availability.notify()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#availability.notify()
  }

  snapshotState(): readonly SequenceSplit[] {
    const current = { splitId: this.#splitId, from: this.#next, to: this.#last }
    const splits = current.from > current.to ? this.#splits : [current, ...this.#splits]
    const partCount = Math.floor(SNAPSHOT_SPLITS / Math.max(1, splits.length))
    if (partCount <= 1) return [...splits]
    return splits.flatMap(({ splitId, from, to }) =>
      splitSequence(from, to, partCount).map((part) => ({ ...part, splitId: `${splitId}.${part.splitId}` })),
    )
  }
}
