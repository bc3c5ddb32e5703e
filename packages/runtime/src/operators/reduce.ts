import { canonicalKey } from '../keys/canonical-key.ts'
import { createDetach } from '../record/detach-strings.ts'
import { KeyedPlaces } from '../state/keyed-places.ts'
import type { KeySelector, ReduceFunction } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { OperatorError } from './operator-error.ts'
import { promiseReturned } from './paused-iteration.ts'
import { callText, lifeCycleOf } from './user-function.ts'

/**
 * Flink's rolling reduce (org.apache.flink.streaming.api.operators.StreamGroupedReduceOperator): emits the first
 * record of a key as it is, then the result of each reduction.
 */
export function generateReduce(
  i: number,
  fn: ReduceFunction<unknown>,
  keySelector: KeySelector<unknown, unknown>,
): GeneratedOperator {
  return {
    ...lifeCycleOf(fn),
    parameters: {
      fn,
      keySelector,
      canonicalKey,
      detach: createDetach(),
      undefinedReduced,
      promiseReturned,
      places: new KeyedPlaces(() => ({ value: undefined })),
    },
    text: `
function input${i}(value) {
  let place, previous, result
  try {
    place = places${i}.at(canonicalKey${i}(keySelector${i}(value)))
    previous = place.value
    result = previous === undefined ? value : ${callText(fn, i, 'reduce')}(previous, value)
  } catch (error) { fail(${i}, value, error) }
  if (result === undefined) fail(${i}, value, undefinedReduced${i}())
  if (result instanceof Promise) fail(${i}, value, promiseReturned${i}())
  result = detach${i}(result, previous)
  place.value = result
  emit${i}(result)
}`,
  }
}

function undefinedReduced(): OperatorError {
  return new OperatorError('UNDEFINED_REDUCED', 'reduce returned undefined. Return the new accumulated record.')
}
