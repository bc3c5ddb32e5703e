import { GeneralDecoder } from './general-decoder.ts'
import { GeneralEncoder } from './general-encoder.ts'
import type { TypeRegistry } from './type-registry.ts'

/**
 * The general codec: any value that may leave its thread, as bytes, and back exactly.
 *
 * Exact means `Object.is` for scalars (so -0 and NaN survive) and, for objects, the same prototype, the same keys in
 * the same order, the same holes. It takes null, undefined, booleans, numbers, bigints of any size, strings (lone
 * surrogates too), arrays, plain objects and those with a null prototype (an own `__proto__` key too), Map, Set, Date,
 * the typed arrays, ArrayBuffer, DataView and Buffer (which stays a Buffer), and instances of registered classes. Views
 * come back with a buffer of their own, as long as they are.
 *
 * Anything else is a RecordError that names the place: functions, symbols, getters, non-enumerable and symbol keys,
 * instances of other classes (RegExp and Error among them), promises, weak collections, shared memory, cycles, and more
 * than 500 levels. An object that is referred to twice arrives as two.
 *
 * Registered types use this codec for their plain values as well, not msgpackr: msgpackr would lose in there what it
 * loses elsewhere (-0, lone surrogates, holes, sets, null prototypes), and a registered type may hold any record value.
 */
export interface GeneralCodec {
  /** The bytes are valid until the next call. Throws RecordError. */
  encode(value: unknown): Uint8Array
  /** Throws RecordError unless `bytes` are exactly one value. */
  decode(bytes: Uint8Array): unknown
}

export interface GeneralCodecOptions {
  readonly registry?: TypeRegistry | undefined
  /** The beginning of messages. */
  readonly attempt?: (() => string) | undefined
}

export function createGeneralCodec(options: GeneralCodecOptions = {}): GeneralCodec {
  const encoder = new GeneralEncoder(options)
  const decoder = new GeneralDecoder(options.registry)
  return {
    encode: (value) => encoder.encode(value),
    decode: (bytes) => decoder.decode(bytes),
  }
}
