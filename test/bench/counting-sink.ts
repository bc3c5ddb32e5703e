import type { Sink, SinkWriter, SinkWriterContext } from '@millrace/runtime/connector'
import { nowUs } from './now.ts'

/** Counts the records, adds up a number of each, and drops them; reports that, and when its last flush was. */
export class CountingSink<T> implements Sink<T> {
  readonly #numberOf: (record: T) => number

  constructor(numberOf: (record: T) => number) {
    this.#numberOf = numberOf
  }

  createWriter(context: SinkWriterContext): SinkWriter<T> {
    return new CountingWriter(this.#numberOf, context)
  }
}

class CountingWriter<T> implements SinkWriter<T> {
  readonly #numberOf: (record: T) => number
  readonly #context: SinkWriterContext
  #count = 0
  #sum = 0

  constructor(numberOf: (record: T) => number, context: SinkWriterContext) {
    this.#numberOf = numberOf
    this.#context = context
  }

  write(record: T): void {
    this.#count++
    this.#sum += this.#numberOf(record)
  }

  flush(endOfInput: boolean): void {
    if (!endOfInput) return
    const { metrics, taskInfo } = this.#context
    metrics.counter(`lastFlushUs-${taskInfo.index}`).inc(nowUs())
    metrics.counter('sinkRecords').inc(this.#count)
    metrics.counter('checksum').inc(this.#sum)
  }
}

/**
 * As {@link CountingSink} for running sums by key, and remembers the last sum of each key: for the run that checks, as
 * the memory costs time. Its checksum is the total of the last sums.
 */
export class LastSumsSink<T> implements Sink<T> {
  readonly #keyOf: (record: T) => number | string
  readonly #sumOf: (record: T) => number

  constructor(keyOf: (record: T) => number | string, sumOf: (record: T) => number) {
    this.#keyOf = keyOf
    this.#sumOf = sumOf
  }

  createWriter({ metrics, taskInfo }: SinkWriterContext): SinkWriter<T> {
    const keyOf = this.#keyOf
    const sumOf = this.#sumOf
    const sums = new Map<number | string, number>()
    let count = 0
    return {
      write: (record) => {
        count++
        sums.set(keyOf(record), sumOf(record))
      },
      flush: (endOfInput) => {
        if (!endOfInput) return
        metrics.counter(`lastFlushUs-${taskInfo.index}`).inc(nowUs())
        metrics.counter('sinkRecords').inc(count)
        metrics.counter('keys').inc(sums.size)
        let total = 0
        let largest = 0
        for (const sum of sums.values()) {
          total += sum
          largest = Math.max(largest, sum)
        }
        metrics.counter('checksum').inc(total)
        metrics.counter(`largest-${taskInfo.index}`).inc(largest)
      },
    }
  }
}
