import { canonicalKey } from '../keys/canonical-key.ts'
import type { KeySelector } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { recordStateOf } from './record-state.ts'
import type { RollingAggregation } from './rolling-aggregation.ts'

/**
 * Flink's sum, min, max, minBy and maxBy of a keyed stream
 * (org.apache.flink.streaming.api.functions.aggregation.SumAggregator and ComparableAggregator): sum, min and max
 * change one field of the key's first record; minBy and maxBy keep a whole record.
 */
export function generateRollingAggregate(
  i: number,
  { kind, field, firstOnTie }: RollingAggregation,
  keySelector: KeySelector<unknown, unknown>,
): GeneratedOperator {
  const name = JSON.stringify(field)
  const keepsWholeRecord = kind === 'minBy' || kind === 'maxBy'
  const isBetter = betterText(kind === 'minBy', firstOnTie)
  const combine = keepsWholeRecord
    ? `result = place.shape.load(place)
      const next = value[${name}], best = result[${name}]
      if (${isBetter}) {
        result = value
        if (!place.shape.store(place, value)) places${i}.put(key, shapes${i}.create(value))
      }`
    : `place.shape.aggregate(place, value[${name}])
      result = place.shape.load(place)`
  const records = recordStateOf(i, keepsWholeRecord ? undefined : { kind, field })
  return {
    declareState: records.declareState,
    parameters: { keySelector, canonicalKey, ...records.parameters },
    text: `${records.declaration}
function input${i}(value) {
  let result = value
  try {
    const key = canonicalKey${i}(keySelector${i}(value))
    const place = places${i}.find(key)
    if (place === undefined) places${i}.put(key, shapes${i}.create(value))
    else {
      ${combine}
    }
  } catch (error) { fail(${i}, value, error) }
  emit${i}(result)
}`,
  }
}

/** Whether `next` takes the place of `best`. NaN is the greatest number, as in Java. */
function betterText(isMin: boolean, firstOnTie: boolean): string {
  if (isMin) return firstOnTie ? 'next < best || (best !== best && next === next)' : 'next <= best || best !== best'
  return firstOnTie ? 'next > best || (next !== next && best === best)' : 'next >= best || next !== next'
}
