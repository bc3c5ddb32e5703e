import type { TypeInformation } from '../record/type-information.ts'
import type { AggregateFunction } from './state.ts'
import type { StateTtlConfig } from './state-ttl-config.ts'

// TODO(helper): classes with checks in place of these interfaces, each in a file of its own if that reads better.

export interface StateDescriptorOptions<T> {
  /** Of the values; omit to have it inferred. */
  readonly type?: TypeInformation<T>
  readonly ttl?: StateTtlConfig
  /** Makes a value of the present type out of one of an earlier type that does not fit. Pure. */
  readonly migrate?: (old: unknown) => T
  /** Values for fields that were added to a row since. */
  readonly fieldDefaults?: Readonly<Record<string, unknown>>
}

export interface ValueStateDescriptor<T> extends StateDescriptorOptions<T> {
  readonly name: string
  readonly defaultValue?: T
}
export interface ListStateDescriptor<T> extends StateDescriptorOptions<T> {
  readonly name: string
}
export interface MapStateDescriptor<UK, UV> extends StateDescriptorOptions<UV> {
  readonly name: string
  readonly keyType?: TypeInformation<UK>
}
export interface ReducingStateDescriptor<T> extends StateDescriptorOptions<T> {
  readonly name: string
  readonly reduce: (a: T, b: T) => T
}
export interface AggregatingStateDescriptor<IN, ACC, OUT> extends StateDescriptorOptions<ACC> {
  readonly name: string
  readonly aggregate: AggregateFunction<IN, ACC, OUT>
}
