import type protobuf from 'protobufjs'
import { fromLong, type LongBits, toLong } from './long-values.ts'

/** Between protobufjs's values of a type and those in records. */
export interface ValueConversion {
  fromMessage(value: unknown): unknown
  /** Undefined for what does not fit. */
  toMessage(value: unknown): unknown
  /** What a field without presence has where nothing was written. */
  isDefault(value: unknown): boolean
}

const integer = (min: number, max: number): ValueConversion => ({
  fromMessage: (value) => value,
  toMessage: (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max ? value : undefined,
  isDefault: (value) => value === 0,
})
const long = (isUnsigned: boolean): ValueConversion => ({
  fromMessage: (value) => (typeof value === 'number' ? value : fromLong(value as LongBits, isUnsigned)),
  toMessage: (value) => toLong(value, isUnsigned),
  isDefault: (value) => value === 0 || value === 0n,
})
const real: ValueConversion = {
  fromMessage: (value) => value,
  toMessage: (value) => (typeof value === 'number' ? value : undefined),
  isDefault: (value) => Object.is(value, 0),
}
const int32 = integer(-(2 ** 31), 2 ** 31 - 1)
const uint32 = integer(0, 2 ** 32 - 1)
const int64 = long(false)
const uint64 = long(true)

const scalars: Readonly<Record<string, ValueConversion>> = {
  int32,
  sint32: int32,
  sfixed32: int32,
  uint32,
  fixed32: uint32,
  int64,
  sint64: int64,
  sfixed64: int64,
  uint64,
  fixed64: uint64,
  double: real,
  float: real,
  bool: {
    fromMessage: (value) => value,
    toMessage: (value) => (typeof value === 'boolean' ? value : undefined),
    isDefault: (value) => value === false,
  },
  string: {
    fromMessage: (value) => value,
    toMessage: (value) => (typeof value === 'string' ? value : undefined),
    isDefault: (value) => value === '',
  },
  bytes: {
    // They share the memory of the record.
    fromMessage: (value) => new Uint8Array(value as Uint8Array),
    toMessage: (value) => (value instanceof Uint8Array ? value : undefined),
    isDefault: (value) => (value as Uint8Array).length === 0,
  },
}

/** Of a scalar type by its name in .proto files. */
export function scalarConversion(type: string): ValueConversion {
  const conversion = scalars[type]
  if (conversion === undefined) throw new Error(`there is no type "${type}"`)
  return conversion
}

/** Enums are their names; a number that has none stays a number, as writers may know more of them. */
export function enumConversion({ values, valuesById }: protobuf.Enum): ValueConversion {
  return {
    fromMessage: (value) => valuesById[value as number] ?? value,
    toMessage: (value) => {
      if (typeof value === 'string') return Object.hasOwn(values, value) ? values[value] : undefined
      return int32.toMessage(value)
    },
    isDefault: (value) => value === 0 || (typeof value === 'string' && values[value] === 0),
  }
}
