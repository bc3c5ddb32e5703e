import { canonicalKey } from '../keys/canonical-key.ts'
import { currentKeyFor } from './current-key.ts'
import type { KeySelector, ReduceFunction } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { OperatorError } from './operator-error.ts'
import { promiseReturned } from './paused-iteration.ts'
import { recordStateOf } from './record-state.ts'
import { callText, simpleLifeCycleOf } from './user-function.ts'

/**
 * Flink's rolling reduce (org.apache.flink.streaming.api.operators.StreamGroupedReduceOperator): emits the first
 * record of a key as it is, then the result of each reduction.
 */
export function generateReduce(
  i: number,
  fn: ReduceFunction<unknown>,
  keySelector: KeySelector<unknown, unknown>,
): GeneratedOperator {
  const currentKey = currentKeyFor(fn, i, [keySelector])
  const records = recordStateOf(i, undefined)
  return {
    ...simpleLifeCycleOf(fn, currentKey),
    declareState(states) {
      currentKey.declareState?.(states)
      records.declareState(states)
    },
    parameters: {
      fn,
      keySelector,
      canonicalKey,
      undefinedReduced,
      promiseReturned,
      ...currentKey.parameters,
      ...records.parameters,
    },
    text: `${currentKey.declaration}${records.declaration}
function input${i}(value) {
  let result = value
  try {
    const key = canonicalKey${i}(keySelector${i}(value))
    const place = places${i}.find(key)
    if (place === undefined) places${i}.put(key, shapes${i}.create(value))
    else {
      ${currentKey.set()}result = ${callText(fn, i, 'reduce')}(place.shape.load(place), value)
      if (result === undefined) throw undefinedReduced${i}()
      if (result instanceof Promise) throw promiseReturned${i}()
      if (!place.shape.store(place, result)) places${i}.put(key, shapes${i}.create(result))
    }
  } catch (error) { fail(${i}, value, error) }
  emit${i}(result)
}`,
  }
}

function undefinedReduced(): OperatorError {
  return new OperatorError('UNDEFINED_REDUCED', 'reduce returned undefined. Return the new accumulated record.')
}
