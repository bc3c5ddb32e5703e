import { FileSink, FileSource } from '@millrace/connectors/file'
import {
  defineJob,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  type RuntimeContext,
  Types,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '@millrace/runtime'

const sleeper = new Int32Array(new SharedArrayBuffer(4))
const recordsPerNap = 8
const napMs = 2

class Count implements KeyedProcessFunction<string, string, string> {
  #count!: ValueState<number>

  open(context: RuntimeContext): void {
    this.#count = context.getState(new ValueStateDescriptor('count', Types.LONG))
  }

  *processElement(line: string, context: KeyedProcessContext<string>): Iterable<string> {
    const count = (this.#count.value() ?? 0) + 1
    this.#count.update(count)
    yield `${context.getCurrentKey()} ${count} ${line}`
  }
}

/** Counts the lines of files by their first word, at a limited rate: `key-07 12 key-07 1234`. */
export default defineJob('crashing-count', (env, [input = '', output = '', how = '']) => {
  let sinceNap = 0
  env
    .fromSource(FileSource.forTextLines(input, { splitBytes: 16 * 1024 }), WatermarkStrategy.noWatermarks(), 'Lines')
    .uid('lines')
    .map((line) => {
      if (++sinceNap % recordsPerNap === 0) Atomics.wait(sleeper, 0, 0, napMs)
      return line
    })
    .keyBy((line) => line.slice(0, line.indexOf(' ')))
    .process(new Count())
    .uid('count')
    .sinkTo(FileSink.forRows(output, { rolling: { atCheckpoints: how !== 'long-files' } }))
    .uid('files')
})
