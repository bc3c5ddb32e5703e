import { currentKeyFor } from './current-key.ts'
import type { FlatMapFunction, KeySelector } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { PausedIteration } from './paused-iteration.ts'
import { callText, lifeCycleOf, pausableInputText } from './user-function.ts'

/** Any number of records out for each record in: collected, or yielded. */
export function generateFlatMap(
  i: number,
  fn: FlatMapFunction<unknown, unknown>,
  keySelector: KeySelector<unknown, unknown> | undefined,
): GeneratedOperator {
  const paused = new PausedIteration()
  const key = currentKeyFor(fn, i, [keySelector])
  const call = callText(fn, i, 'flatMap')
  return {
    ...lifeCycleOf(fn, key),
    parameters: { fn, paused, ...key.parameters },
    paused,
    connect: (outputs) => paused.connect(outputs),
    text: key.declaration + pausableInputText(i, `input${i}`, `${key.set()}result = ${call}(value, collector${i})`),
  }
}
