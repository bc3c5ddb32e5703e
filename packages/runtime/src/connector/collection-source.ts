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

/**
 * Emits the records of an array, in order, in one subtask. Every thread that builds the job holds the array, so it is
 * meant for small data: tests, rules, examples.
 *
 * @example
 * const job = defineJob('collection', (env) => {
 *   env.fromSource(new CollectionSource(['a', 'b']), WatermarkStrategy.noWatermarks(), 'Letters').collect('letters')
 * })
 * const result = await runInSimulation(job)
 * result.collected('letters') // -> ['a', 'b']
 */
export class CollectionSource<T> implements Source<T> {
  readonly boundedness = 'bounded'
  readonly defaultParallelism = 1
  readonly parallelismMax = 1
  readonly #records: readonly T[]

  constructor(records: readonly T[]) {
    this.#records = records
  }

  createEnumerator(context: SplitEnumeratorContext<SourceSplit>): SplitEnumerator {
    return new FixedSplitEnumerator([{ splitId: 'all' }], context)
  }

  createReader(): SourceReader<T, SourceSplit> {
    return new CollectionReader(this.#records)
  }
}

class CollectionReader<T> implements SourceReader<T, SourceSplit> {
  readonly #records: readonly T[]
  readonly #availability = new Availability()
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

  addSplits(): void {
    this.#end = this.#records.length
    this.#availability.notify()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#availability.notify()
  }
}
