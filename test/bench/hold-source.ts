import type {
  InputStatus,
  ReaderOutput,
  Source,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
} from '@millrace/runtime/connector'

export interface HeldRecord {
  readonly key: string
  readonly value: number
}

/** Emits a record for each of the keys `user-0`, `user-1`, ... once, and then holds until it is canceled. It keeps nothing. */
export class HoldSource implements Source<HeldRecord> {
  readonly boundedness = 'continuous-unbounded'
  readonly #keyCount: number

  constructor(keyCount: number) {
    this.#keyCount = keyCount
  }

  createEnumerator(): SplitEnumerator {
    return { start: () => {}, addReader: () => {}, handleSplitRequest: () => {} }
  }

  restoreEnumerator(): SplitEnumerator {
    return this.createEnumerator()
  }

  createReader({ taskInfo }: SourceReaderContext): SourceReader<HeldRecord, SourceSplit> {
    const keyCount = this.#keyCount
    const step = taskInfo.parallelism
    let next = taskInfo.index
    return {
      pollNext(output: ReaderOutput<HeldRecord>): InputStatus {
        while (next < keyCount) {
          const key = `user-${next}`
          next += step
          if (!output.collect({ key, value: 1 })) return 'more-available'
        }
        return 'nothing-available'
      },
      isAvailable: () => (next < keyCount ? Promise.resolve() : new Promise<void>(() => {})),
      addSplits: () => {},
      notifyNoMoreSplits: () => {},
    }
  }
}
