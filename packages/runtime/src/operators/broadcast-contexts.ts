import type { BroadcastState, ReadOnlyBroadcastState } from '../state/state.ts'
import type { MapStateDescriptor } from '../state/state-descriptor.ts'
import type {
  BroadcastContext,
  BroadcastOnTimerContext,
  ReadOnlyBroadcastContext,
} from './broadcast-process-function.ts'
import type { OperatorContext } from './generated-operator.ts'
import { OperatorKeyedProcessContext } from './keyed-process-context.ts'
import { OperatorError } from './operator-error.ts'
import { OperatorProcessContext } from './process-context.ts'

type Descriptors = readonly MapStateDescriptor<unknown, unknown>[]

/** For records of the broadcast stream. */
export class OperatorBroadcastContext extends OperatorProcessContext implements BroadcastContext {
  readonly #states: BroadcastStates

  constructor(descriptors: Descriptors) {
    super()
    this.#states = new BroadcastStates(descriptors)
  }

  override open(context: OperatorContext): void {
    super.open(context)
    this.#states.open(context)
  }

  getBroadcastState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): BroadcastState<UK, UV> {
    return this.#states.get(descriptor)
  }
}

/** For records of the other stream, if it is not keyed. */
export class OperatorReadOnlyBroadcastContext extends OperatorProcessContext implements ReadOnlyBroadcastContext {
  readonly #states: BroadcastStates

  constructor(descriptors: Descriptors) {
    super()
    this.#states = new BroadcastStates(descriptors)
  }

  override open(context: OperatorContext): void {
    super.open(context)
    this.#states.open(context)
  }

  getBroadcastState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): ReadOnlyBroadcastState<UK, UV> {
    return this.#states.getReadOnly(descriptor)
  }
}

/** For records and timers of the other stream, if it is keyed. */
export class OperatorKeyedReadOnlyBroadcastContext
  extends OperatorKeyedProcessContext
  implements BroadcastOnTimerContext<unknown>
{
  readonly #states: BroadcastStates

  constructor(descriptors: Descriptors) {
    super()
    this.#states = new BroadcastStates(descriptors)
  }

  override open(context: OperatorContext): void {
    super.open(context)
    this.#states.open(context)
  }

  getBroadcastState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): ReadOnlyBroadcastState<UK, UV> {
    return this.#states.getReadOnly(descriptor)
  }
}

interface NamedState {
  readonly state: BroadcastState<unknown, unknown>
  readonly readOnly: ReadOnlyBroadcastState<unknown, unknown>
}

/** The states that the broadcast stream was given names for. */
class BroadcastStates {
  readonly #descriptors: Descriptors
  readonly #states = new Map<string, NamedState>()

  constructor(descriptors: Descriptors) {
    this.#descriptors = descriptors
  }

  /** Restored state has been read in by now. */
  open({ states }: OperatorContext): void {
    for (const descriptor of this.#descriptors) {
      const state = states.operator.broadcastState(descriptor)
      this.#states.set(descriptor.name, { state, readOnly: new ReadOnly(state) })
    }
  }

  get<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): BroadcastState<UK, UV> {
    return this.#named(descriptor).state as BroadcastState<UK, UV>
  }

  getReadOnly<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): ReadOnlyBroadcastState<UK, UV> {
    return this.#named(descriptor).readOnly as ReadOnlyBroadcastState<UK, UV>
  }

  #named({ name }: { readonly name: string }): NamedState {
    const named = this.#states.get(name)
    if (named !== undefined) return named
    const known = this.#descriptors.map((each) => `"${each.name}"`).join(', ')
    throw new OperatorError(
      'BROADCAST_STATE_NOT_NAMED',
      `Cannot get the broadcast state "${name}": the stream was broadcast with ${known} only. Give its descriptor to broadcast(), too.`,
      { state: name },
    )
  }
}

/** Without the methods that change anything, also for users without types. */
class ReadOnly implements ReadOnlyBroadcastState<unknown, unknown> {
  readonly #state: BroadcastState<unknown, unknown>

  constructor(state: BroadcastState<unknown, unknown>) {
    this.#state = state
  }

  get(key: unknown): unknown {
    return this.#state.get(key)
  }

  contains(key: unknown): boolean {
    return this.#state.contains(key)
  }

  entries(): IterableIterator<[unknown, unknown]> {
    return this.#state.entries()
  }
}
