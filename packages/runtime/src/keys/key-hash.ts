import { checkLong, compositeKeyText } from './canonical-key.ts'
import { bigintHashCode, booleanHashCode, numberHashCode, stringHashCode } from './java-hash-code.ts'
import { invalidKey, notAKey } from './key-error.ts'
import { murmur3Hash32 } from './murmur3.ts'

const encoder = new TextEncoder()

/**
 * The hash code of a key: Java's for strings, booleans, numbers and bigints, so that their key groups are Flink's;
 * MurmurHash3 of the canonical bytes for arrays and plain objects. Throws {@link KeyError} for what cannot be a key.
 */
export function keyHashCode(key: unknown): number {
  switch (typeof key) {
    case 'string':
      return stringHashCode(key)
    case 'number':
      if (Number.isNaN(key)) throw invalidKey('NaN', 'NaN', '')
      return numberHashCode(key)
    case 'boolean':
      return booleanHashCode(key)
    case 'bigint':
      return bigintHashCode(checkLong(key, ''))
    case 'object':
      if (key === null) throw notAKey(key, '')
      return murmur3Hash32(encoder.encode(compositeKeyText(key)))
    default:
      throw notAKey(key, '')
  }
}
