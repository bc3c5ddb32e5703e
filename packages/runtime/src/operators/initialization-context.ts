import type { OperatorStateBackend } from '../state/operator-state-backend.ts'
import type { BroadcastState, OperatorListState } from '../state/state.ts'
import type { ListStateDescriptor, MapStateDescriptor } from '../state/state-descriptor.ts'
import type { FunctionInitializationContext, OperatorStateStore } from './checkpointed-function.ts'
import { FunctionContext } from './function-context.ts'
import type { OperatorContext } from './generated-operator.ts'

/** What a function gets in `initializeState`. */
export function initializationContextOf(context: OperatorContext): FunctionInitializationContext {
  const { restoredCheckpointId, operator } = context.states
  return {
    isRestored: restoredCheckpointId !== undefined,
    restoredCheckpointId,
    operatorStateStore: new FunctionStateStore(operator),
    keyedStateStore: new FunctionContext(context),
  }
}

class FunctionStateStore implements OperatorStateStore {
  readonly #states: OperatorStateBackend

  constructor(states: OperatorStateBackend) {
    this.#states = states
  }

  getListState<T>(descriptor: ListStateDescriptor<T>): OperatorListState<T> {
    return this.#states.listState(descriptor)
  }

  getUnionListState<T>(descriptor: ListStateDescriptor<T>): OperatorListState<T> {
    return this.#states.unionListState(descriptor)
  }

  getBroadcastState<K, V>(descriptor: MapStateDescriptor<K, V>): BroadcastState<K, V> {
    return this.#states.broadcastState(descriptor)
  }
}
