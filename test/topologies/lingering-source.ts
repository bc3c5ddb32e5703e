import type { InputStatus, ReaderOutput, Source, SourceReader, SourceReaderContext } from '@millrace/runtime/connector'

const TICKS = 10
const TICK_MS = 100

/**
 * Emits groups of records, by one subtask, and waits for a second after each: so timers fire, and values expire, before the
 * next group or the end. It counts turns of the event loop rather than the time, so a machine that is busy waits longer.
 */
export class LingeringSource<T> implements Source<T> {
  readonly boundedness = 'bounded'
  readonly defaultParallelism = 1
  readonly parallelismMax = 1
  readonly #groups: readonly (readonly T[])[]

  constructor(...groups: readonly (readonly T[])[]) {
    this.#groups = groups
  }

  createEnumerator() {
    return { start() {}, addReader() {}, handleSplitRequest() {} }
  }

  createReader({ clock }: SourceReaderContext): SourceReader<T, never> {
    const groups = this.#groups
    let group = 0
    let next = 0
    let waiting: Promise<void> = Promise.resolve()
    let ticksLeft = 0
    const tick = (resolve: () => void) => {
      if (--ticksLeft <= 0) resolve()
      else clock.schedule(TICK_MS, () => tick(resolve))
    }
    return {
      pollNext(output: ReaderOutput<T>): InputStatus {
        if (ticksLeft > 0) return 'nothing-available'
        const records = groups[group]
        if (records === undefined) return 'end-of-input'
        while (next < records.length) if (!output.collect(records[next++]!)) return 'more-available'
        group++
        next = 0
        ticksLeft = TICKS
        waiting = new Promise((resolve) => tick(resolve))
        return 'nothing-available'
      },
      isAvailable: () => waiting,
      addSplits() {},
      notifyNoMoreSplits() {},
    }
  }
}
