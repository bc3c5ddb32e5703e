import type { FlatMapFunction } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { PausedIteration } from './paused-iteration.ts'
import { callText, lifeCycleOf, pausableInputText } from './user-function.ts'

/** Any number of records out for each record in: collected, or yielded. */
export function generateFlatMap(i: number, fn: FlatMapFunction<unknown, unknown>): GeneratedOperator {
  const paused = new PausedIteration()
  return {
    ...lifeCycleOf(fn),
    parameters: { fn, paused },
    paused,
    connect: (outputs) => paused.connect(outputs),
    text: pausableInputText(i, `input${i}`, callText(fn, i, 'flatMap'), `collector${i}`),
  }
}
