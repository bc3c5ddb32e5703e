import type { Logger } from '../base/logger.ts'
import type { TaskInfo } from '../connector/task-info.ts'
import type { MetricGroup } from '../metrics/metric-group.ts'
import type { KeyedStateBackend } from '../state/keyed-state-backend.ts'
import type { AggregatingState, ListState, MapState, ReducingState, ValueState } from '../state/state.ts'
import type {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../state/state-descriptor.ts'
import type { OperatorContext } from './generated-operator.ts'
import { OperatorError } from './operator-error.ts'
import type { RuntimeContext } from './runtime-context.ts'

/** What a rich function sees of its operator's world: its subtask, and its own keyed states. */
export class FunctionContext implements RuntimeContext {
  readonly taskInfo: TaskInfo
  readonly metrics: MetricGroup
  readonly logger: Logger
  readonly signal: AbortSignal
  readonly #keyed: KeyedStateBackend | undefined

  constructor({ taskInfo, metrics, logger, signal, states }: OperatorContext) {
    this.taskInfo = taskInfo
    this.metrics = metrics
    this.logger = logger
    this.signal = signal
    this.#keyed = states.keyed
  }

  getState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T> {
    return this.#keyedStates(descriptor).valueState(descriptor)
  }

  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T> {
    return this.#keyedStates(descriptor).listState(descriptor)
  }

  getMapState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): MapState<UK, UV> {
    return this.#keyedStates(descriptor).mapState(descriptor)
  }

  getReducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T> {
    return this.#keyedStates(descriptor).reducingState(descriptor)
  }

  getAggregatingState<IN, ACC, OUT>(descriptor: AggregatingStateDescriptor<IN, ACC, OUT>): AggregatingState<IN, OUT> {
    return this.#keyedStates(descriptor).aggregatingState(descriptor)
  }

  #keyedStates({ name }: { readonly name: string }): KeyedStateBackend {
    if (this.#keyed !== undefined) return this.#keyed
    throw new OperatorError(
      'NOT_KEYED',
      `Cannot get the keyed state "${name}" in the operator "${this.taskInfo.name}": its stream has no key. Call keyBy before the operator (with two inputs: on both), or keep operator state by initializeState.`,
      { state: name, operator: this.taskInfo.name },
    )
  }
}
