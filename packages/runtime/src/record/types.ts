import { RecordError } from './record-error.ts'
import type { FieldDescription, TypeDescription } from './type-description.ts'
import type { TypeInformation, ValueOf } from './type-information.ts'

/** A field that a row may lack. Made by `Types.optional`. */
export interface OptionalField<T> {
  readonly optional: true
  readonly type: TypeInformation<T>
}

/** The fields of a row, by name. */
export type RowFields = Readonly<Record<string, TypeInformation<unknown> | OptionalField<unknown>>>

type OptionalNames<F extends RowFields> = { [K in keyof F]: F[K] extends OptionalField<unknown> ? K : never }[keyof F]
type FieldValue<I> = I extends OptionalField<infer T> ? T : ValueOf<I>

/** The objects that `Types.row(fields)` describes. */
export type RowOf<F extends RowFields> = {
  [K in keyof ({ [R in Exclude<keyof F, OptionalNames<F>>]: unknown } & {
    [O in OptionalNames<F>]?: unknown
  })]: FieldValue<F[K]>
}

type TupleOf<I extends readonly TypeInformation<unknown>[]> = { -readonly [K in keyof I]: ValueOf<I[K]> }

/**
 * Types of records, for `returns(type)`: with one, the codec of an edge is generated from it and checks each value;
 * without one, the edge infers it from the records.
 *
 * @example
 * const ORDER = Types.row({ id: Types.LONG, customer: Types.STRING, note: Types.optional(Types.STRING) })
 * type Order = ValueOf<typeof ORDER> // { id: number; customer: string; note?: string }
 * const order: Order = { id: 17, customer: 'ann' }
 * const job = defineJob('orders', (env) => {
 *   env.fromElements(order).returns(ORDER).rebalance().collect('orders')
 * })
 * const result = await runInSimulation(job)
 * result.collected('orders') // -> [{ id: 17, customer: 'ann' }]
 */
export interface TypesFactory {
  readonly STRING: TypeInformation<string>
  readonly BOOLEAN: TypeInformation<boolean>
  /** An integer of 32 bits with sign. Not -0, which is no integer of 32 bits. */
  readonly INT: TypeInformation<number>
  /** A safe integer: below 2^53. */
  readonly LONG: TypeInformation<number>
  /** Any number. */
  readonly DOUBLE: TypeInformation<number>
  /** Fastest within 64 bits. */
  readonly BIGINT: TypeInformation<bigint>
  readonly DATE: TypeInformation<Date>
  /** A Uint8Array or Buffer, which stays what it is. */
  readonly BYTES: TypeInformation<Uint8Array>
  /** Anything that may leave its thread, through the general codec. */
  readonly GENERIC: TypeInformation<unknown>
  /** A plain object. Its fields arrive in this order; properties that are not named here do not travel. */
  row<const F extends RowFields>(fields: F): TypeInformation<RowOf<F>>
  /** An array of fixed length. */
  tuple<const I extends readonly TypeInformation<unknown>[]>(items: I): TypeInformation<TupleOf<I>>
  /** An array of any length, without holes. */
  list<T>(of: TypeInformation<T>): TypeInformation<T[]>
  map<K, V>(key: TypeInformation<K>, value: TypeInformation<V>): TypeInformation<Map<K, V>>
  nullable<T>(of: TypeInformation<T>): TypeInformation<T | null>
  /** In a row: the field may be missing or undefined, and arrives the same way. */
  optional<T>(type: TypeInformation<T>): OptionalField<T>
  /** `GENERIC` for values of a known TypeScript type. */
  generic<T>(): TypeInformation<T>
}

/** A type information is the description itself; the type parameter exists for the type checker only. */
function described<T>(description: TypeDescription): TypeInformation<T> {
  return Object.freeze(description)
}

function inner(type: TypeInformation<unknown>): TypeDescription {
  return type as TypeDescription
}

/**
 * The types of records: see {@link TypesFactory}.
 * @example
 * const POINT = Types.tuple([Types.DOUBLE, Types.DOUBLE])
 * const job = defineJob('points', (env) => {
 *   env.fromElements<[number, number]>([1.5, 2]).returns(POINT).rebalance().collect('points')
 * })
 * const result = await runInSimulation(job)
 * result.collected('points') // -> [[1.5, 2]]
 */
export const Types: TypesFactory = Object.freeze<TypesFactory>({
  STRING: described({ kind: 'string' }),
  BOOLEAN: described({ kind: 'boolean' }),
  INT: described({ kind: 'int' }),
  LONG: described({ kind: 'long' }),
  DOUBLE: described({ kind: 'double' }),
  BIGINT: described({ kind: 'bigint' }),
  DATE: described({ kind: 'date' }),
  BYTES: described({ kind: 'bytes' }),
  GENERIC: described({ kind: 'generic' }),
  row: (fields) => described({ kind: 'row', fields: Object.keys(fields).map((name) => fieldOf(name, fields[name]!)) }),
  tuple: (items) => described({ kind: 'tuple', items: items.map(inner) }),
  list: (of) => described({ kind: 'list', of: inner(of) }),
  map: (key, value) => described({ kind: 'map', key: inner(key), value: inner(value) }),
  nullable: (of) => described({ kind: 'nullable', of: inner(of), orUndefined: false }),
  optional: (type) => Object.freeze({ optional: true, type }),
  generic: () => described({ kind: 'generic' }),
})

function fieldOf(name: string, of: TypeInformation<unknown> | OptionalField<unknown>): FieldDescription {
  if (name === '__proto__') {
    throw new RecordError('INVALID_TYPE', 'Cannot describe a row with a field named "__proto__": rename the field', {
      name,
    })
  }
  return 'optional' in of ? { name, type: inner(of.type), optional: true } : { name, type: inner(of), optional: false }
}
