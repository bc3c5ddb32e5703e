import type { RecordPart } from './record-part.ts'

/**
 * Reads keys or values of Kafka's records. Null never gets here. What it throws makes the record a poison record,
 * except `FormatNotReady`, by which it asks for time.
 *
 * @example
 * const numbers: DeserializationFormat<number> = { deserialize: (bytes) => bytes.readInt32BE() }
 * numbers.deserialize(Buffer.from([0, 0, 1, 2])) // -> 258
 */
export interface DeserializationFormat<T> {
  /**
   * `bytes` share the memory of a whole answer of the broker: what is kept of them is to be copied. Undefined leaves the
   * record out.
   */
  deserialize(bytes: Buffer): T | undefined
  /** For formats of text: called instead, so that no buffer is made in between. */
  deserializeText?(text: string): T | undefined
  /** For formats that keep the bytes: called instead, with a copy, which is made sooner from where the bytes are. */
  deserializeCopy?(bytes: Uint8Array): T | undefined
}

/** Writes keys or values of Kafka's records. May throw `FormatNotReady`, too. */
export interface SerializationFormat<in T> {
  /** Text is written as UTF-8. A sink always says of which `part` of a record this is. */
  serialize(value: T, part?: RecordPart): string | Uint8Array
}

/** A format for both directions. */
export interface KafkaFormat<T> extends DeserializationFormat<T>, SerializationFormat<T> {}
