import { MapStateDescriptor } from '../state/state-descriptor.ts'
import { ApiError } from './api-error.ts'
import type { DataStream } from './data-stream.ts'
import { type SettingOwner, show } from './setting-checks.ts'

/** The descriptor of a broadcast state, whatever its types. */
export type AnyMapStateDescriptor = MapStateDescriptor<unknown, unknown>

/**
 * A stream that every subtask of the next operator gets whole, to keep what it needs of it in broadcast states: what
 * `broadcast(descriptor)` answers, for `connect`.
 *
 * @example
 * const limits = new MapStateDescriptor('limits', Types.STRING, Types.LONG)
 * const job = defineJob('limits', (env) => {
 *   const rules = env.fromElements({ user: 'ann', limit: 3 }).broadcast(limits)
 *   env
 *     .fromElements('ann', 'bob')
 *     .connect(rules)
 *     .process<string>({
 *       processElement: (user, context, out) => out.collect(`${user} ${context.getBroadcastState(limits).get(user)}`),
 *       processBroadcastElement: (rule, context) => context.getBroadcastState(limits).put(rule.user, rule.limit),
 *     })
 *     .uid('limits')
 *     .collect('users')
 * })
 * const result = await runInSimulation(job)
 * result.collected('users').length // -> 2
 */
export class BroadcastStream<out T> {
  /** @internal */
  readonly stream: DataStream<T>
  /** @internal */
  readonly states: readonly AnyMapStateDescriptor[]
  /** Only for the type checker: carries `T`. */
  declare readonly recordType: T

  /** @internal Made by `broadcast`. */
  constructor(stream: DataStream<T>, states: readonly AnyMapStateDescriptor[]) {
    this.stream = stream
    this.states = states
  }
}

/** Broadcast states are maps, told apart by name. */
export function checkBroadcastStates(descriptors: readonly unknown[], call: SettingOwner): void {
  const names = new Set<string>()
  for (const descriptor of descriptors) {
    if (!(descriptor instanceof MapStateDescriptor)) {
      throw new ApiError(
        'INVALID_DESCRIPTOR',
        `${call.what} got ${show(descriptor)}: give it descriptors of the broadcast states, each a new MapStateDescriptor(name, keyType, valueType), or nothing`,
        { ...call.facts },
      )
    }
    if (names.has(descriptor.name)) {
      throw new ApiError(
        'INVALID_DESCRIPTOR',
        `${call.what} got two descriptors of the name "${descriptor.name}": give each broadcast state a name of its own`,
        { ...call.facts, state: descriptor.name },
      )
    }
    names.add(descriptor.name)
  }
}
