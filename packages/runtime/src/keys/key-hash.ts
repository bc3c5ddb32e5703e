import { checkLong, compositeKeyText } from './canonical-key.ts'
import { bigintHashCode, booleanHashCode, numberHashCode, stringHashCode } from './java-hash-code.ts'
import { invalidKey, notAKey } from './key-error.ts'
import { murmur3Hash32 } from './murmur3.ts'

const encoder = new TextEncoder()

/** Most composite keys are short and ASCII: their bytes are written here, one key at a time. */
const shortText = new Uint8Array(256)
const shortTextPrefixes: Uint8Array[] = []

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
      return compositeTextHashCode(compositeKeyText(key))
    default:
      throw notAKey(key, '')
  }
}

/** The hash code of an array or a plain object, of which `compositeKeyText` made `text`. */
export function compositeTextHashCode(text: string): number {
  return murmur3Hash32(utf8(text))
}

/** The UTF-8 bytes of `text`, valid until the next call. A fresh encoding costs more than the rest of the hash. */
function utf8(text: string): Uint8Array {
  const { length } = text
  if (length > shortText.length) return encoder.encode(text)
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return encoder.encode(text)
    shortText[i] = code
  }
  shortTextPrefixes[length] ??= shortText.subarray(0, length)
  return shortTextPrefixes[length]
}
