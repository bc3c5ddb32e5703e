import { canonicalKey } from '../keys/canonical-key.ts'
import { KeyedPlaces } from '../state/keyed-places.ts'
import { RecordShapes } from '../state/record-shapes.ts'
import type { KeySelector, ReduceFunction } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { OperatorError } from './operator-error.ts'
import { promiseReturned } from './paused-iteration.ts'
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
  return {
    ...simpleLifeCycleOf(fn),
    parameters: {
      fn,
      keySelector,
      canonicalKey,
      undefinedReduced,
      promiseReturned,
      places: new KeyedPlaces(),
      shapes: new RecordShapes(),
    },
    text: `
function input${i}(value) {
  let result = value
  try {
    const key = canonicalKey${i}(keySelector${i}(value))
    const place = places${i}.find(key)
    if (place === undefined) places${i}.put(key, shapes${i}.create(value))
    else {
      result = ${callText(fn, i, 'reduce')}(place.shape.load(place), value)
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
