import { canonicalKey } from '../keys/canonical-key.ts'
import { createDetach } from '../record/detach-strings.ts'
import { KeyedValues } from '../state/keyed-values.ts'
import type { KeySelector } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import type { RollingAggregation } from './rolling-aggregation.ts'

/**
 * Flink's sum, min, max, minBy and maxBy of a keyed stream
 * (org.apache.flink.streaming.api.functions.aggregation.SumAggregator and ComparableAggregator): sum, min and max
 * change one field of the key's first record; minBy and maxBy keep a whole record.
 */
export function generateRollingAggregate(
  i: number,
  aggregation: RollingAggregation,
  keySelector: KeySelector<unknown, unknown>,
): GeneratedOperator {
  return {
    parameters: { keySelector, canonicalKey, detach: createDetach(), values: new KeyedValues() },
    text: `
function input${i}(value) {
  let place, previous, result
  try {
    place = values${i}.at(canonicalKey${i}(keySelector${i}(value)))
    previous = place.value
    if (previous === undefined) result = value
    else { ${combineText(aggregation)} }
  } catch (error) { fail(${i}, value, error) }
  result = detach${i}(result, previous)
  place.value = result
  emit${i}(result)
}`,
  }
}

/** Sets `result` from `previous` and `value`; neither is changed, since both were emitted. */
function combineText({ kind, field, firstOnTie }: RollingAggregation): string {
  const name = JSON.stringify(field)
  const withField = (text: string) =>
    `result = Array.isArray(previous) ? previous.slice() : { ...previous }; result[${name}] = ${text}`
  switch (kind) {
    case 'sum':
      return withField(`previous[${name}] + value[${name}]`)
    case 'min':
      return `if (value[${name}] < previous[${name}]) { ${withField(`value[${name}]`)} } else result = previous`
    case 'max':
      return `if (value[${name}] > previous[${name}]) { ${withField(`value[${name}]`)} } else result = previous`
    case 'minBy':
      return `result = value[${name}] <${firstOnTie ? '' : '='} previous[${name}] ? value : previous`
    case 'maxBy':
      return `result = value[${name}] >${firstOnTie ? '' : '='} previous[${name}] ? value : previous`
  }
}
