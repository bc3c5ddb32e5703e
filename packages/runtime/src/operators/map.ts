import type { MapFunction } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { promiseReturned } from './paused-iteration.ts'
import { callText, simpleLifeCycleOf } from './user-function.ts'

/** One record out for each record in. */
export function generateMap(i: number, fn: MapFunction<unknown, unknown>): GeneratedOperator {
  return {
    ...simpleLifeCycleOf(fn),
    parameters: { fn, promiseReturned },
    text: `
function input${i}(value) {
  let result
  try { result = ${callText(fn, i, 'map')}(value) } catch (error) { fail(${i}, value, error) }
  if (result instanceof Promise) fail(${i}, value, promiseReturned${i}())
  emit${i}(result)
}`,
  }
}
