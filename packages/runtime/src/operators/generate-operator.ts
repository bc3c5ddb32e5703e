import { assert, unreachable } from '../base/assert.ts'
import { generateBroadcastProcess } from './broadcast-process.ts'
import { generateCoFlatMap, generateCoMap, generateCoProcess } from './co-operators.ts'
import { generateCollect } from './collect.ts'
import { generateFilter } from './filter.ts'
import { generateFlatMap } from './flat-map.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { generateIdentity } from './identity.ts'
import { generateMap } from './map.ts'
import type { OperatorDefinition } from './operator.ts'
import { generateProcess } from './process.ts'
import { generateReduce } from './reduce.ts'
import { generateRollingAggregate } from './rolling-aggregate.ts'
import { generateSink } from './sink.ts'

/** The operator at position `i` of its chain. A source is not an operator in this sense: its reader drives the chain. */
export function generateOperator(i: number, definition: OperatorDefinition): GeneratedOperator {
  switch (definition.kind) {
    case 'map':
      return generateMap(i, definition.fn, definition.keySelector)
    case 'filter':
      return generateFilter(i, definition.fn, definition.keySelector)
    case 'flat-map':
      return generateFlatMap(i, definition.fn, definition.keySelector)
    case 'process':
      return generateProcess(i, definition.fn, definition.keySelector)
    case 'reduce':
      return generateReduce(i, definition.fn, definition.keySelector)
    case 'rolling-aggregate':
      return generateRollingAggregate(i, definition.aggregation, definition.keySelector)
    case 'co-map':
      return generateCoMap(i, definition.fn, [definition.keySelector1, definition.keySelector2])
    case 'co-flat-map':
      return generateCoFlatMap(i, definition.fn, [definition.keySelector1, definition.keySelector2])
    case 'co-process':
      return definition.broadcastStates === undefined
        ? generateCoProcess(i, definition.fn, [definition.keySelector1, definition.keySelector2])
        : generateBroadcastProcess(i, definition.fn, definition.broadcastStates, definition.keySelector1)
    case 'sink':
      return generateSink(i, definition.sink)
    case 'collect':
      return generateCollect(i, definition.name, definition.limit)
    case 'identity':
      return generateIdentity(i)
    case 'source':
      assert(false, () => 'a source has no generated text')
      break
    default:
      return unreachable(definition)
  }
}
