/** The first byte of each value in the general codec. These numbers are stored: never change or reuse one. */
export const ValueTag = {
  null: 0,
  undefined: 1,
  false: 2,
  true: 3,
  int32: 4,
  float64: 5,
  int64: 6,
  bigint: 7,
  string: 8,
  array: 9,
  /** In an array only: a count of absent elements. */
  holes: 10,
  object: 11,
  nullPrototypeObject: 12,
  map: 13,
  set: 14,
  date: 15,
  arrayBuffer: 16,
  dataView: 17,
  buffer: 18,
  typedArray: 19,
  /** A name, then a plain value. */
  registered: 20,
  /** Integers of one and two bytes; earlier versions wrote them as `int32`. */
  int8: 21,
  int16: 22,
  /** In blocks of key groups only. A plain object, and the names that it shares with those after it. */
  shape: 23,
  /** In blocks of key groups only. A plain object with names that came before. */
  shaped: 24,
  /** In blocks of key groups only. The text that is the key of the entry. */
  entryKey: 25,
} as const

interface TypedArrayConstructor {
  readonly prototype: object
  new (buffer: ArrayBuffer): ArrayBufferView
}

/** By the number that follows `ValueTag.typedArray`. A name is absent where the engine does not have it. */
const typedArrayNames = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
] as const

const typedArrays = typedArrayNames.map(
  (name) => (globalThis as Readonly<Record<string, unknown>>)[name] as TypedArrayConstructor | undefined,
)

const numberByPrototype = new Map<object, number>(
  typedArrays.flatMap((made, number) => (made === undefined ? [] : [[made.prototype, number] as const])),
)

/** The number of the typed array that has exactly this prototype. */
export function typedArrayNumber(prototype: object): number | undefined {
  return numberByPrototype.get(prototype)
}

export function typedArrayConstructor(number: number): TypedArrayConstructor | undefined {
  return typedArrays[number]
}
