import { currentKeyFor } from './current-key.ts'
import type { FilterFunction, KeySelector } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { promiseReturned } from './paused-iteration.ts'
import { callText, simpleLifeCycleOf } from './user-function.ts'

/** Passes on the records for which the function answers true. */
export function generateFilter(
  i: number,
  fn: FilterFunction<unknown>,
  keySelector: KeySelector<unknown, unknown> | undefined,
): GeneratedOperator {
  const key = currentKeyFor(fn, i, [keySelector])
  return {
    ...simpleLifeCycleOf(fn, key),
    parameters: { fn, promiseReturned, ...key.parameters },
    text: `${key.declaration}
function input${i}(value) {
  let keep
  try { ${key.set()}keep = ${callText(fn, i, 'filter')}(value) } catch (error) { fail(${i}, value, error) }
  if (keep === true) emit${i}(value)
  else if (keep !== false) {
    if (keep instanceof Promise) fail(${i}, value, promiseReturned${i}())
    if (keep) emit${i}(value)
  }
}`,
  }
}
