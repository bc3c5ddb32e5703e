import type { KafkaFormat } from './format.ts'

/**
 * Text in UTF-8; bytes that are none become U+FFFD.
 *
 * @example
 * stringFormat().deserialize(Buffer.from('héllo')) // -> 'héllo'
 */
export function stringFormat(): KafkaFormat<string> {
  return {
    deserialize: (bytes) => bytes.toString(),
    deserializeText: (text) => text,
    serialize: (text) => text,
  }
}
