import type { StandardSchemaV1 } from '@standard-schema/spec'
import { typeFromStandardSchema } from '../record/standard-schema-type.ts'
import { descriptionOf } from '../record/type-description.ts'
import type { TypeInformation } from '../record/type-information.ts'
import type { AggregateFunction } from './state.ts'
import { StateError } from './state-error.ts'
import { StateTtlConfig } from './state-ttl-config.ts'

/** What the type of a state may be declared by: a `TypeInformation`, or a schema that follows Standard Schema. */
export type StateType<T> = TypeInformation<T> | StandardSchemaV1<unknown, T>

/** What a state may be told beside its name and type. */
export interface StateDescriptorOptions<T> {
  /** How long values live; forever if omitted. Not for operator state. */
  readonly ttl?: StateTtlConfig
  /** Makes a value of the present type out of one of an earlier type that does not fit. Pure. */
  readonly migrate?: (old: unknown) => T
  /** Values for fields that were added to a row since. */
  readonly fieldDefaults?: Readonly<Record<string, unknown>>
}

/** What a value state may be told. */
export interface ValueStateOptions<T> extends StateDescriptorOptions<T> {
  /** What `value()` answers where none is kept: a copy each time. */
  readonly defaultValue?: T
}

/** What all descriptors have: see {@link ValueStateDescriptor}. */
export abstract class StateDescriptor<T> {
  /** Unique within the operator. */
  readonly name: string
  /** Of the values; undefined to have it inferred. */
  readonly type: TypeInformation<T> | undefined
  readonly ttl: StateTtlConfig | undefined
  readonly migrate: ((old: unknown) => T) | undefined
  readonly fieldDefaults: Readonly<Record<string, unknown>> | undefined

  constructor(name: string, type?: StateType<T>, options: StateDescriptorOptions<T> = {}) {
    if (typeof name !== 'string' || name === '') throw invalid(name, 'a name is a text that is not empty')
    const { ttl, migrate, fieldDefaults } = options
    if (ttl !== undefined && !(ttl instanceof StateTtlConfig))
      throw invalid(name, '`ttl` is made by StateTtlConfig.newBuilder(...).build()')
    if (migrate !== undefined && typeof migrate !== 'function') throw invalid(name, '`migrate` is a function')
    if (fieldDefaults !== undefined && (typeof fieldDefaults !== 'object' || fieldDefaults === null))
      throw invalid(name, '`fieldDefaults` is an object with values by field name')
    this.name = name
    this.type = informationOf(name, type)
    this.ttl = ttl
    this.migrate = migrate
    this.fieldDefaults = fieldDefaults
  }
}

/**
 * Describes a value for each key (org.apache.flink.api.common.state.ValueStateDescriptor): its name, under which it is found again in
 * snapshots, and if wanted the type of its values.
 *
 * @example
 * const total = new ValueStateDescriptor('total', Types.LONG, { defaultValue: 0 })
 * total.defaultValue // -> 0
 */
export class ValueStateDescriptor<T> extends StateDescriptor<T> {
  readonly defaultValue: T | undefined

  constructor(name: string, type?: StateType<T>, options: ValueStateOptions<T> = {}) {
    super(name, type, options)
    this.defaultValue = options.defaultValue
  }
}

/**
 * Describes a list for each key, or a list of an operator; the type is that of its elements.
 *
 * @example
 * const orders = new ListStateDescriptor('orders', Types.row({ id: Types.LONG }))
 * orders.name // -> 'orders'
 */
export class ListStateDescriptor<T> extends StateDescriptor<T> {
  /** Tells lists from other states to the type checker. */
  declare readonly elementType?: T[]
}

/**
 * Describes a map for each key, or a broadcast state; `type` is that of its values.
 *
 * @example
 * const rules = new MapStateDescriptor('rules', Types.STRING, Types.row({ limit: Types.INT }))
 * rules.name // -> 'rules'
 */
export class MapStateDescriptor<UK, UV> extends StateDescriptor<UV> {
  readonly keyType: TypeInformation<UK> | undefined

  constructor(name: string, keyType?: StateType<UK>, valueType?: StateType<UV>, options?: StateDescriptorOptions<UV>) {
    super(name, valueType, options)
    this.keyType = informationOf(name, keyType)
  }
}

/**
 * Describes a value for each key that is reduced with each value that is added.
 *
 * @example
 * const sum = new ReducingStateDescriptor('sum', (a: number, b: number) => a + b, Types.LONG)
 * sum.reduce(1, 2) // -> 3
 */
export class ReducingStateDescriptor<T> extends StateDescriptor<T> {
  readonly reduce: (a: T, b: T) => T

  constructor(name: string, reduce: (a: T, b: T) => T, type?: StateType<T>, options?: StateDescriptorOptions<T>) {
    super(name, type, options)
    if (typeof reduce !== 'function') throw invalid(name, 'a reducing state needs a function of two values')
    this.reduce = reduce
  }
}

/**
 * Describes an accumulator for each key; the type is that of the accumulator.
 *
 * @example
 * const mean = new AggregatingStateDescriptor('mean', {
 *   createAccumulator: () => ({ sum: 0, count: 0 }),
 *   add: (value: number, { sum, count }) => ({ sum: sum + value, count: count + 1 }),
 *   getResult: ({ sum, count }) => sum / count,
 * })
 * mean.aggregate.getResult({ sum: 6, count: 2 }) // -> 3
 */
export class AggregatingStateDescriptor<IN, ACC, OUT> extends StateDescriptor<ACC> {
  readonly aggregate: AggregateFunction<IN, ACC, OUT>

  constructor(
    name: string,
    aggregate: AggregateFunction<IN, ACC, OUT>,
    accumulatorType?: StateType<ACC>,
    options?: StateDescriptorOptions<ACC>,
  ) {
    super(name, accumulatorType, options)
    const methods = ['createAccumulator', 'add', 'getResult'] as const
    if (typeof aggregate !== 'object' || aggregate === null || methods.some((m) => typeof aggregate[m] !== 'function'))
      throw invalid(name, 'an aggregating state needs an object with createAccumulator, add and getResult')
    this.aggregate = aggregate
  }
}

function informationOf<T>(name: string, type: StateType<T> | undefined): TypeInformation<T> | undefined {
  if (type === undefined) return undefined
  if (type !== null && (typeof type === 'object' || typeof type === 'function')) {
    // A schema comes first: a library's own object may have a property `kind` as well.
    if ('~standard' in type) return typeFromStandardSchema(type)
    if ('kind' in type && typeof type.kind === 'string') {
      descriptionOf(type)
      return type
    }
  }
  throw invalid(name, 'its type is neither a TypeInformation (Types.row({...})) nor a Standard Schema')
}

function invalid(name: unknown, why: string): StateError {
  const shown = typeof name === 'string' ? JSON.stringify(name) : String(name)
  return new StateError('INVALID_DESCRIPTOR', `Cannot describe a state named ${shown}: ${why}`, { name })
}
