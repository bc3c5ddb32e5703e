import type { InputStatus, ReaderOutput, SourceReader, SourceReaderContext } from '@millrace/runtime/connector'
import { cutSplit, type DataGeneratorSplit } from './data-generator-split.ts'
import { RateLimiter } from './rate-limiter.ts'
import { type RecordRandom, SeededRecordRandom } from './record-random.ts'

/** One of several splits may be so many records ahead of the others: they are read side by side, as some have no end. */
const RECORDS_AHEAD_MAX = 32

/** In snapshots a reader has so many splits if it can, so that more readers find work after a restore. */
const SNAPSHOT_SPLITS = 8

/** What {@link DataGeneratorReader} makes records with. */
export interface DataGeneratorReaderOptions<T> {
  readonly generator: (index: number, random: RecordRandom) => T
  readonly seed: number
  /** Of the whole source. */
  readonly recordsPerSecond: number | undefined
}

interface OpenSplit {
  readonly split: DataGeneratorSplit
  /** The index of the next record. */
  next: number
}

/** Makes the records of its splits, as fast as they are taken or as the limit allows. */
export class DataGeneratorReader<T> implements SourceReader<T, DataGeneratorSplit> {
  readonly #options: DataGeneratorReaderOptions<T>
  readonly #random: SeededRecordRandom
  readonly #context: SourceReaderContext
  readonly #splits: OpenSplit[] = []
  #rateLimiter: RateLimiter | undefined
  /** Of all splits that were given, also those that have ended. */
  #rateShare = 0
  #hasAllSplits = false
  #available: PromiseWithResolvers<void> | undefined

  constructor(options: DataGeneratorReaderOptions<T>, context: SourceReaderContext) {
    this.#options = options
    this.#random = new SeededRecordRandom(options.seed)
    this.#context = context
  }

  addSplits(splits: readonly DataGeneratorSplit[]): void {
    for (const split of splits) {
      this.#splits.push({ split, next: split.first })
      this.#rateShare += split.rateShare
    }
    this.#limitRate()
    this.#wake()
  }

  notifyNoMoreSplits(): void {
    this.#hasAllSplits = true
    this.#wake()
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    for (;;) {
      const current = this.#splits[0]
      if (current === undefined) return this.#hasAllSplits ? 'end-of-input' : 'nothing-available'
      const { end, step } = current.split
      const start = current.next
      const permits = this.#rateLimiter?.permits() ?? Number.POSITIVE_INFINITY
      if (permits < 1) return 'nothing-available'
      const hasRoom = this.#generate(current, Math.min(end, start + permits * step, this.#aheadMax(step)), output)
      this.#rateLimiter?.spend((current.next - start) / step)
      if (current.next >= end) this.#splits.shift()
      this.#bringEarliestForward()
      if (!hasRoom) return this.#splits.length === 0 && this.#hasAllSplits ? 'end-of-input' : 'more-available'
    }
  }

  isAvailable(): Promise<void> {
    if (this.#splits.length === 0 && this.#hasAllSplits) return Promise.resolve()
    this.#available ??= Promise.withResolvers<void>()
    if (this.#splits.length > 0) this.#rateLimiter?.whenPermitted(() => this.#wake())
    return this.#available.promise
  }

  snapshotState(): readonly DataGeneratorSplit[] {
    const partCount = Math.floor(SNAPSHOT_SPLITS / Math.max(1, this.#splits.length))
    return this.#splits.flatMap(({ split, next }) => cutSplit({ ...split, first: next }, partCount))
  }

  close(): void {
    this.#rateLimiter?.cancel()
  }

  // bench: the source of W1 and W2. Everything the loop needs is local.
  #generate(current: OpenSplit, stop: number, output: ReaderOutput<T>): boolean {
    const { generator } = this.#options
    const random = this.#random
    const { step } = current.split
    let index = current.next
    while (index < stop) {
      random.start(index)
      const record = generator(index, random)
      index += step
      if (!output.collect(record)) {
        current.next = index
        return false
      }
    }
    current.next = index
    return true
  }

  /** How far the first split may go before it is another's turn. */
  #aheadMax(step: number): number {
    let next = Number.POSITIVE_INFINITY
    for (let i = 1; i < this.#splits.length; i++) next = Math.min(next, this.#splits[i]!.next)
    return next + RECORDS_AHEAD_MAX * step
  }

  #bringEarliestForward(): void {
    const splits = this.#splits
    let earliest = 0
    for (let i = 1; i < splits.length; i++) if (splits[i]!.next < splits[earliest]!.next) earliest = i
    if (earliest === 0) return
    const first = splits[0]!
    splits[0] = splits[earliest]!
    splits[earliest] = first
  }

  #limitRate(): void {
    const { recordsPerSecond } = this.#options
    if (recordsPerSecond === undefined || this.#rateShare === 0) return
    this.#rateLimiter?.cancel()
    this.#rateLimiter = new RateLimiter(recordsPerSecond * this.#rateShare, this.#context.clock)
  }

  #wake(): void {
    this.#available?.resolve()
    this.#available = undefined
  }
}
