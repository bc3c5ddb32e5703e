import { currentKeyFor } from './current-key.ts'
import type { KeySelector, MapFunction } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { promiseReturned } from './paused-iteration.ts'
import { callText, simpleLifeCycleOf } from './user-function.ts'

/** One record out for each record in. */
export function generateMap(
  i: number,
  fn: MapFunction<unknown, unknown>,
  keySelector: KeySelector<unknown, unknown> | undefined,
): GeneratedOperator {
  const key = currentKeyFor(fn, i, [keySelector])
  return {
    ...simpleLifeCycleOf(fn, key),
    parameters: { fn, promiseReturned, ...key.parameters },
    text: `${key.declaration}
function input${i}(value) {
  let result
  try { ${key.set()}result = ${callText(fn, i, 'map')}(value) } catch (error) { fail(${i}, value, error) }
  if (result instanceof Promise) fail(${i}, value, promiseReturned${i}())
  emit${i}(result)
}`,
  }
}
