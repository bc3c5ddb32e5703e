import type { KafkaFormat } from './format.ts'

/**
 * Bytes as they are, copied out of the fetched memory.
 *
 * @example
 * bytesFormat().deserialize(Buffer.from([1, 2])) // -> new Uint8Array([1, 2])
 */
export function bytesFormat(): KafkaFormat<Uint8Array> {
  return {
    // Not a Buffer: its subclass would be lost on the way to the next subtask.
    deserialize: (bytes) => new Uint8Array(bytes),
    deserializeCopy: (bytes) => bytes,
    serialize: (bytes) => bytes,
  }
}
