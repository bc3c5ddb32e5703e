import { utf8Length, writeUtf8 } from '../driver/record-batch/record-encoding.ts'

const seed = 0x9747b28c
const m = 0x5bd1e995
/** Keys are longer than this so seldom that those get memory of their own. */
const scratchBytes = 4_096
const scratch = Buffer.allocUnsafeSlow(scratchBytes)

/** The partition of Kafka's own clients for records of `key`: that of org.apache.kafka.common.utils.Utils. */
export function partitionOfKey(key: string | Uint8Array, partitionCount: number): number {
  return (hashOf(key) & 0x7fff_ffff) % partitionCount
}

/** Text as the UTF-8 that is written of it. */
function hashOf(key: string | Uint8Array): number {
  if (typeof key !== 'string') return murmur2(key, key.length)
  const length = utf8Length(key)
  const bytes = length > scratchBytes ? Buffer.allocUnsafe(length) : scratch
  writeUtf8(bytes, key, length, 0)
  return murmur2(bytes, length)
}

/** The 32-bit MurmurHash2 of the first `length` bytes, with Kafka's seed, as a signed number. */
export function murmur2(bytes: Uint8Array, length: number): number {
  let hash = seed ^ length
  const end = length & ~3
  for (let i = 0; i < end; i += 4) {
    let word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    word = Math.imul(word, m)
    word ^= word >>> 24
    hash = Math.imul(hash, m) ^ Math.imul(word, m)
  }
  const rest = length - end
  if (rest === 3) hash ^= bytes[end + 2]! << 16
  if (rest >= 2) hash ^= bytes[end + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[end]!, m)
  hash ^= hash >>> 13
  hash = Math.imul(hash, m)
  return hash ^ (hash >>> 15)
}
