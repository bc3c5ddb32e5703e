import type { InputStatus, ReaderOutput, SourceReader, SourceReaderContext } from '@millrace/runtime/connector'
import type { DataGeneratorSplit } from './data-generator-source.ts'
import type { RateLimiter } from './rate-limiter.ts'
import { type RecordRandom, SeededRecordRandom } from './record-random.ts'

/** What {@link DataGeneratorReader} makes records with. */
export interface DataGeneratorReaderOptions<T> {
  readonly generator: (index: number, random: RecordRandom) => T
  readonly seed: number
  readonly rateLimiter: RateLimiter | undefined
}

/** Makes the records of its splits, as fast as they are taken or as the limit allows. */
export class DataGeneratorReader<T> implements SourceReader<T, DataGeneratorSplit> {
  readonly #generator: (index: number, random: RecordRandom) => T
  readonly #rateLimiter: RateLimiter | undefined
  readonly #random: SeededRecordRandom
  readonly #context: SourceReaderContext
  readonly #splits: DataGeneratorSplit[] = []
  /** The index of the next record of the first split. */
  #next = 0
  #hasAllSplits = false
  #available: PromiseWithResolvers<void> | undefined

  constructor(options: DataGeneratorReaderOptions<T>, context: SourceReaderContext) {
    this.#generator = options.generator
    this.#rateLimiter = options.rateLimiter
    this.#random = new SeededRecordRandom(options.seed)
    this.#context = context
  }

  start(): void {
    this.#context.sendSplitRequest()
  }

  addSplits(splits: readonly DataGeneratorSplit[]): void {
    if (this.#splits.length === 0) this.#next = splits[0]?.first ?? 0
    this.#splits.push(...splits)
    this.#wake()
  }

  notifyNoMoreSplits(): void {
    this.#hasAllSplits = true
    this.#wake()
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    const split = this.#splits[0]
    if (split === undefined) return this.#hasAllSplits ? 'end-of-input' : 'nothing-available'
    const start = this.#next
    const stop = this.#rateLimiter === undefined ? split.end : start + this.#rateLimiter.permits() * split.step
    const hasRoom = this.#generate(split, Math.min(split.end, stop), output)
    this.#rateLimiter?.spend((this.#next - start) / split.step)
    if (this.#next >= split.end) this.#endSplit()
    else if (hasRoom) return 'nothing-available'
    return this.#splits.length === 0 && this.#hasAllSplits ? 'end-of-input' : 'more-available'
  }

  isAvailable(): Promise<void> {
    if (this.#splits.length === 0 && this.#hasAllSplits) return Promise.resolve()
    this.#available ??= Promise.withResolvers<void>()
    if (this.#splits.length > 0) this.#rateLimiter?.whenPermitted(() => this.#wake())
    return this.#available.promise
  }

  close(): void {
    this.#rateLimiter?.cancel()
  }

  // bench: the source of W1 and W2. Everything the loop needs is local.
  #generate({ step }: DataGeneratorSplit, stop: number, output: ReaderOutput<T>): boolean {
    const generator = this.#generator
    const random = this.#random
    let index = this.#next
    while (index < stop) {
      random.start(index)
      const record = generator(index, random)
      index += step
      if (!output.collect(record)) {
        this.#next = index
        return false
      }
    }
    this.#next = index
    return true
  }

  #endSplit(): void {
    this.#splits.shift()
    this.#next = this.#splits[0]?.first ?? 0
  }

  #wake(): void {
    this.#available?.resolve()
    this.#available = undefined
  }
}
