import type { Random } from '../../base/random.ts'
import { Availability } from '../../connector/availability.ts'
import type {
  InputStatus,
  ReaderOutput,
  Source,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from '../../connector/source.ts'
import type { FaultPoints } from './fault-points.ts'

/** A run of numbered records. */
export interface ReplayableSplit extends SourceSplit {
  readonly count: number
  /** The number of the next record. */
  readonly next: number
}

export interface ReplayableSourceParts<T> {
  /** `splitId` -> how many records it has. */
  readonly splits: ReadonlyMap<string, number>
  readonly record: (splitId: string, n: number) => T
  readonly faults: FaultPoints
  readonly random: Random
  /** Virtual time between two records of a reader at most. */
  readonly pauseMsMax: number
  /** Asked every few milliseconds when all records have been read: whether the input may end. Times are monotonic. */
  readonly mayEnd: (nowMs: number, readerStartedMs: number) => boolean
}

const END_POLL_MS = 10

/** Numbered records in splits that are dealt out on request, at a pace of its own; read again from any position. */
export class ReplayableSource<T> implements Source<T, ReplayableSplit> {
  readonly boundedness = 'bounded'
  readonly #parts: ReplayableSourceParts<T>

  constructor(parts: ReplayableSourceParts<T>) {
    this.#parts = parts
  }

  createEnumerator(context: SplitEnumeratorContext<ReplayableSplit>): SplitEnumerator {
    const splits = [...this.#parts.splits].map(([splitId, count]) => ({ splitId, count, next: 0 }))
    return enumerator(context, splits)
  }

  restoreEnumerator(context: SplitEnumeratorContext<ReplayableSplit>, state: unknown): SplitEnumerator {
    return enumerator(context, state as readonly ReplayableSplit[])
  }

  createReader(context: SourceReaderContext): SourceReader<T, ReplayableSplit> {
    return new ReplayableReader(this.#parts, context)
  }
}

function enumerator(
  context: SplitEnumeratorContext<ReplayableSplit>,
  splits: readonly ReplayableSplit[],
): SplitEnumerator {
  const unassigned = [...splits]
  return {
    start: () => {},
    addReader: () => {},
    handleSplitRequest(subtaskIndex) {
      const split = unassigned.shift()
      if (split === undefined) context.signalNoMoreSplits(subtaskIndex)
      else context.assignSplit(split, subtaskIndex)
    },
    snapshotState: () => [...unassigned],
  }
}

class ReplayableReader<T> implements SourceReader<T, ReplayableSplit> {
  readonly #parts: ReplayableSourceParts<T>
  readonly #context: SourceReaderContext
  readonly #availability = new Availability()
  #splits: ReplayableSplit[] = []
  readonly #startedMs: number
  #noMoreSplits = false
  #pausedUntilMs = 0

  constructor(parts: ReplayableSourceParts<T>, context: SourceReaderContext) {
    this.#parts = parts
    this.#context = context
    this.#startedMs = context.clock.monotonicMs()
  }

  start(): void {
    if (this.#splits.length === 0) this.#context.sendSplitRequest()
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    const { record, faults, random, pauseMsMax, mayEnd } = this.#parts
    const { clock, taskInfo } = this.#context
    const split = this.#splits[0]
    if (split === undefined) {
      if (!this.#noMoreSplits) return 'nothing-available'
      if (mayEnd(clock.monotonicMs(), this.#startedMs)) return 'end-of-input'
      return this.#pause(END_POLL_MS)
    }
    if (clock.monotonicMs() < this.#pausedUntilMs) return 'nothing-available'
    faults.reach('source record', taskInfo.index)
    const { splitId, count, next } = split
    // The position moves first: what `collect` is given counts as emitted.
    if (next + 1 < count) this.#splits[0] = { ...split, next: next + 1 }
    else {
      this.#splits.shift()
      if (this.#splits.length === 0) this.#context.sendSplitRequest()
    }
    output.collect(record(splitId, next))
    return this.#pause((random.below(1_000) / 1_000) * pauseMsMax)
  }

  isAvailable(): Promise<void> {
    return this.#availability.wait()
  }

  addSplits(splits: readonly ReplayableSplit[]): void {
    this.#splits.push(...splits)
    this.#availability.notify()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#availability.notify()
  }

  snapshotState(): readonly ReplayableSplit[] {
    this.#parts.faults.reach('source snapshot', this.#context.taskInfo.index)
    return [...this.#splits]
  }

  #pause(pauseMs: number): InputStatus {
    if (pauseMs === 0) return 'more-available'
    const { clock } = this.#context
    this.#pausedUntilMs = clock.monotonicMs() + pauseMs
    clock.schedule(pauseMs, () => this.#availability.notify())
    return 'nothing-available'
  }
}
