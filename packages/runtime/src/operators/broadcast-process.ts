import type { MapStateDescriptor } from '../state/state-descriptor.ts'
import {
  OperatorBroadcastContext,
  OperatorKeyedReadOnlyBroadcastContext,
  OperatorReadOnlyBroadcastContext,
} from './broadcast-contexts.ts'
import type { BroadcastProcessFunction, KeyedBroadcastProcessFunction } from './broadcast-process-function.ts'
import { currentKeyOf } from './current-key.ts'
import type { KeySelector } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { processParts } from './process.ts'
import { pausableInputText } from './user-function.ts'

/**
 * A stream, keyed or not, and a broadcast one: the second changes the broadcast states, the first reads them
 * (org.apache.flink.streaming.api.operators.co.CoBroadcastWithKeyedOperator and CoBroadcastWithNonKeyedOperator).
 */
export function generateBroadcastProcess(
  i: number,
  fn:
    | BroadcastProcessFunction<unknown, unknown, unknown>
    | KeyedBroadcastProcessFunction<unknown, unknown, unknown, unknown>,
  states: readonly MapStateDescriptor<unknown, unknown>[],
  keySelector: KeySelector<unknown, unknown> | undefined,
): GeneratedOperator {
  const key = currentKeyOf(i, [keySelector, undefined])
  const broadcastContext = new OperatorBroadcastContext(states)
  const contexts =
    keySelector === undefined
      ? { context: new OperatorReadOnlyBroadcastContext(states), broadcastContext }
      : {
          context: new OperatorKeyedReadOnlyBroadcastContext(states),
          timers: new OperatorKeyedReadOnlyBroadcastContext(states),
          broadcastContext,
        }
  const input = (name: string, call: string) => pausableInputText(i, `input${i}${name}`, call)
  return {
    ...processParts(fn, key, contexts),
    text:
      key.declaration +
      input('First', `${key.set(0)}result = fn${i}.processElement(value, context${i}, collector${i})`) +
      input(
        'Second',
        `${key.set(1)}result = fn${i}.processBroadcastElement(value, broadcastContext${i}, collector${i})`,
      ),
  }
}
