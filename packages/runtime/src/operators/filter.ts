import type { FilterFunction } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { promiseReturned } from './paused-iteration.ts'
import { callText, simpleLifeCycleOf } from './user-function.ts'

/** Passes on the records for which the function answers true. */
export function generateFilter(i: number, fn: FilterFunction<unknown>): GeneratedOperator {
  return {
    ...simpleLifeCycleOf(fn),
    parameters: { fn, promiseReturned },
    text: `
function input${i}(value) {
  let keep
  try { keep = ${callText(fn, i, 'filter')}(value) } catch (error) { fail(${i}, value, error) }
  if (keep === true) emit${i}(value)
  else if (keep !== false) {
    if (keep instanceof Promise) fail(${i}, value, promiseReturned${i}())
    if (keep) emit${i}(value)
  }
}`,
  }
}
