import type { FlatMapFunction } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { PausedIteration } from './paused-iteration.ts'
import { callText, lifeCycleOf } from './user-function.ts'

/** Any number of records out for each record in: collected, or yielded. */
export function generateFlatMap(i: number, fn: FlatMapFunction<unknown, unknown>): GeneratedOperator {
  const paused = new PausedIteration()
  return {
    ...lifeCycleOf(fn),
    parameters: { fn, paused },
    paused,
    connect: (outputs) => paused.connect(outputs),
    text: `
const collector${i} = { collect: emit${i} }
function input${i}(value) {
  let result
  try { result = ${callText(fn, i, 'flatMap')}(value, collector${i}) } catch (error) { fail(${i}, value, error) }
  if (result !== undefined) paused${i}.offer(result, value)
}`,
  }
}
