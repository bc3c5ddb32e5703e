import { canonicalKey } from '../keys/canonical-key.ts'
import { createDetach } from '../record/detach-strings.ts'
import { KeyedPlaces } from '../state/keyed-places.ts'
import type { KeySelector } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { FieldReplacers, type ReplaceField } from './replace-field.ts'
import type { RollingAggregation } from './rolling-aggregation.ts'

/**
 * Flink's sum, min, max, minBy and maxBy of a keyed stream
 * (org.apache.flink.streaming.api.functions.aggregation.SumAggregator and ComparableAggregator): sum, min and max
 * replace one field of the key's first record; minBy and maxBy keep a whole record.
 */
export function generateRollingAggregate(
  i: number,
  aggregation: RollingAggregation,
  keySelector: KeySelector<unknown, unknown>,
): GeneratedOperator {
  const { kind } = aggregation
  return kind === 'minBy' || kind === 'maxBy'
    ? generateChoice(i, aggregation, keySelector)
    : generateFieldAggregate(i, aggregation, keySelector)
}

interface AggregatePlace {
  /** The key's first record. */
  first: unknown
  aggregate: unknown
  replace: ReplaceField | undefined
}

/**
 * The running value is kept apart from the first record and changed in place: to keep each emitted record instead would
 * cost three times as much, since each would outlive its generation (bench: workload W2).
 */
function generateFieldAggregate(
  i: number,
  { kind, field }: RollingAggregation,
  keySelector: KeySelector<unknown, unknown>,
): GeneratedOperator {
  const name = JSON.stringify(field)
  const combine = {
    sum: 'place.aggregate += next',
    min: 'if (next < place.aggregate) place.aggregate = next',
    max: 'if (next > place.aggregate) place.aggregate = next',
  }[kind as 'sum' | 'min' | 'max']
  const createPlace = (): AggregatePlace => ({ first: undefined, aggregate: undefined, replace: undefined })
  return {
    parameters: {
      keySelector,
      canonicalKey,
      detach: createDetach(),
      replacers: new FieldReplacers(field),
      places: new KeyedPlaces(createPlace),
    },
    text: `
function input${i}(value) {
  let result
  try {
    const place = places${i}.at(canonicalKey${i}(keySelector${i}(value)))
    const next = value[${name}]
    if (place.replace === undefined) {
      result = place.first = detach${i}(value)
      place.aggregate = next
      place.replace = replacers${i}.for(result)
    } else {
      ${combine}
      result = place.replace(place.first, place.aggregate)
    }
  } catch (error) { fail(${i}, value, error) }
  emit${i}(result)
}`,
  }
}

function generateChoice(
  i: number,
  { kind, field, firstOnTie }: RollingAggregation,
  keySelector: KeySelector<unknown, unknown>,
): GeneratedOperator {
  const name = JSON.stringify(field)
  const isBetter = `${kind === 'minBy' ? '<' : '>'}${firstOnTie ? '' : '='}`
  return {
    parameters: {
      keySelector,
      canonicalKey,
      detach: createDetach(),
      places: new KeyedPlaces(() => ({ value: undefined })),
    },
    text: `
function input${i}(value) {
  let place
  try {
    place = places${i}.at(canonicalKey${i}(keySelector${i}(value)))
    if (place.value === undefined || value[${name}] ${isBetter} place.value[${name}]) place.value = detach${i}(value)
  } catch (error) { fail(${i}, value, error) }
  emit${i}(place.value)
}`,
  }
}
