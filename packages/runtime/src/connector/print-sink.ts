import { inspectInOneLine } from './preview.ts'
import type { Sink, SinkWriter, SinkWriterContext } from './sink.ts'

/** How {@link PrintSink} prints. */
export interface PrintSinkOptions {
  /** Comes before every line, so that several print sinks can be told apart. */
  readonly label?: string
}

/**
 * Prints every record as a line on the program's standard output, as Flink's print sink does.
 *
 * Strings are printed as they are, other values in one line as Node inspects them. At a parallelism above 1 a line
 * starts with the number of its subtask, counted from 1: `3> value`, or `label:3> value` with a label. At parallelism 1
 * it is `label> value`, or just `value` without a label. What has been printed stays printed: after a restore, records that
 * came after the snapshot are printed again.
 *
 * @example
 * const job = defineJob('orders', (env) => {
 *   env.fromElements({ id: 17, amount: 5 }).sinkTo(new PrintSink({ label: 'orders' }))
 * })
 * const result = await runInSimulation(job)
 * result.printed // -> ['orders> { id: 17, amount: 5 }']
 */
export class PrintSink<T> implements Sink<T> {
  readonly #label: string

  constructor(options: PrintSinkOptions = {}) {
    this.#label = options.label ?? ''
  }

  createWriter(context: SinkWriterContext): SinkWriter<T> {
    const prefix = linePrefix(this.#label, context.taskInfo.index, context.taskInfo.parallelism)
    const { standardOutput } = context
    return { write: (record) => standardOutput.write(`${prefix}${inspectInOneLine(record)}\n`) }
  }
}

function linePrefix(label: string, subtaskIndex: number, parallelism: number): string {
  const subtask = parallelism > 1 ? String(subtaskIndex + 1) : ''
  const parts = [label, subtask].filter((part) => part !== '')
  return parts.length === 0 ? '' : `${parts.join(':')}> `
}
