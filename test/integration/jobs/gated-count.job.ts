import { readFileSync } from 'node:fs'
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
import {
  FixedSplitEnumerator,
  type InputStatus,
  type ReaderOutput,
  type Source,
  type SourceReader,
  type SourceSplit,
  type SplitEnumerator,
  type SplitEnumeratorContext,
} from '@millrace/runtime/connector'

/** Every sixteenth number, from `next`. */
interface NumbersSplit extends SourceSplit {
  readonly next: number
}

const splitCount = 16
const pollMs = 10

/** The numbers below `end`, but at any time only those below the number in the file: so a test says how far the job may go. */
class GatedNumbers implements Source<number, NumbersSplit> {
  readonly boundedness = 'bounded'
  readonly #gateFile: string
  readonly #end: number

  constructor(gateFile: string, end: number) {
    this.#gateFile = gateFile
    this.#end = end
  }

  createEnumerator(context: SplitEnumeratorContext<NumbersSplit>): SplitEnumerator {
    const splits = Array.from({ length: splitCount }, (_, next) => ({ splitId: String(next), next }))
    return new FixedSplitEnumerator(splits, context)
  }

  restoreEnumerator(context: SplitEnumeratorContext<NumbersSplit>, state: unknown): SplitEnumerator {
    return FixedSplitEnumerator.restore(state, context)
  }

  createReader(): SourceReader<number, NumbersSplit> {
    const end = this.#end
    const gateFile = this.#gateFile
    const splits: { splitId: string; next: number }[] = []
    let isLast = false
    return {
      addSplits: (added) => void splits.push(...added.map((split) => ({ ...split }))),
      notifyNoMoreSplits() {
        isLast = true
      },
      isAvailable: () => new Promise((resolve) => setTimeout(resolve, pollMs)),
      pollNext(output: ReaderOutput<number>): InputStatus {
        const gate = Math.min(end, Number(readFileSync(gateFile, 'utf8')))
        for (const split of splits) {
          while (split.next < gate) {
            const number = split.next
            split.next += splitCount
            if (!output.collect(number)) return 'more-available'
          }
        }
        return isLast && splits.every(({ next }) => next >= end) ? 'end-of-input' : 'nothing-available'
      },
      snapshotState: () => splits.map((split) => ({ ...split })),
    }
  }
}

class Count implements KeyedProcessFunction<string, number, [string, number]> {
  #count!: ValueState<number>

  open(context: RuntimeContext): void {
    this.#count = context.getState(new ValueStateDescriptor('count', Types.LONG))
  }

  *processElement(_number: number, context: KeyedProcessContext<string>): Iterable<[string, number]> {
    const count = (this.#count.value() ?? 0) + 1
    this.#count.update(count)
    yield [context.getCurrentKey(), count]
  }
}

/** Counts numbers by their last two digits, and prints each count: `key-07 12`. */
export default defineJob('gated-count', (env, [gateFile = '', end = '0']) => {
  env
    .fromSource(new GatedNumbers(gateFile, Number(end)), WatermarkStrategy.noWatermarks(), 'Numbers')
    .uid('numbers')
    .keyBy((number) => `key-${String(number % 100).padStart(2, '0')}`)
    .process(new Count())
    .uid('count')
    .map(([key, count]) => `${key} ${count}`)
    .print()
})
