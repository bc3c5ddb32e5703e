import { Availability } from './availability.ts'
import { ConnectorError } from './connector-error.ts'
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

/** The records of the array from position `next` on. */
export interface CollectionSplit extends SourceSplit {
  readonly next: number
}

/**
 * Emits the records of an array, in order, in one subtask. Every thread that builds the job holds the array, so it is
 * meant for small data: tests, rules, examples. After a restore it goes on behind the last record of the snapshot; the
 * array must not have become shorter than that.
 *
 * @throws ConnectorError `COLLECTION_TOO_SHORT` when the job starts from a snapshot.
 *
 * @example
 * const job = defineJob('collection', (env) => {
 *   env.fromSource(new CollectionSource(['a', 'b']), WatermarkStrategy.noWatermarks(), 'Letters').collect('letters')
 * })
 * const result = await runInSimulation(job)
 * result.collected('letters') // -> ['a', 'b']
 */
export class CollectionSource<T> implements Source<T, CollectionSplit> {
  readonly boundedness = 'bounded'
  readonly defaultParallelism = 1
  readonly parallelismMax = 1
  readonly #records: readonly T[]

  constructor(records: readonly T[]) {
    this.#records = records
  }

  createEnumerator(context: SplitEnumeratorContext<CollectionSplit>): SplitEnumerator {
    return new FixedSplitEnumerator([{ splitId: 'all', next: 0 }], context)
  }

  restoreEnumerator(context: SplitEnumeratorContext<CollectionSplit>, state: unknown): SplitEnumerator {
    return FixedSplitEnumerator.restore(state, context)
  }

  createReader(): SourceReader<T, CollectionSplit> {
    return new CollectionReader(this.#records)
  }
}

class CollectionReader<T> implements SourceReader<T, CollectionSplit> {
  readonly #records: readonly T[]
  readonly #availability = new Availability()
  #split: CollectionSplit | undefined
  #next = 0
  /** Records before this position may be emitted: none until the split has arrived. */
  #end = 0
  #noMoreSplits = false

  constructor(records: readonly T[]) {
    this.#records = records
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    while (this.#next < this.#end) {
      // The index is below the array's length, whatever its elements are: undefined is a record too.
      if (!output.collect(this.#records[this.#next++] as T)) return 'more-available'
    }
    return this.#noMoreSplits ? 'end-of-input' : 'nothing-available'
  }

  isAvailable(): Promise<void> {
    return this.#availability.wait()
  }

  addSplits(splits: readonly CollectionSplit[]): void {
    // There is one only.
    const split = splits[0]!
    const { length } = this.#records
    if (split.next > length) {
      throw new ConnectorError(
        'COLLECTION_TOO_SHORT',
        `Cannot go on with record ${split.next + 1} of a collection of ${length}: the snapshot was taken of a longer one. ` +
          'Restore the collection, or give the source another uid so that it starts anew.',
        { next: split.next, length },
      )
    }
    this.#split = split
    this.#next = split.next
    this.#end = length
    this.#availability.notify()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#availability.notify()
  }

  snapshotState(): readonly CollectionSplit[] {
    if (this.#split === undefined || this.#next === this.#end) return []
    return [{ ...this.#split, next: this.#next }]
  }
}
