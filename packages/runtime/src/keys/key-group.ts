import { flinkMurmurHash } from './flink-murmur-hash.ts'
import { keyHashCode } from './key-hash.ts'

/**
 * The key group of a key, in `0 .. maxParallelism - 1`: what decides which subtask has the key, also after rescaling.
 * Throws {@link KeyError} for what cannot be a key. Allocates nothing for primitive keys.
 */
export function keyGroupOf(key: unknown, maxParallelism: number): number {
  let hashCode: number
  // Both branches repeat what keyHashCode does, without its calls (bench: workloads W2 and W2b).
  if (typeof key === 'number' && (key | 0) === key) {
    hashCode = key | 0
  } else if (typeof key === 'string') {
    hashCode = 0
    for (let i = 0; i < key.length; i++) hashCode = (Math.imul(hashCode, 31) + key.charCodeAt(i)) | 0
  } else {
    hashCode = keyHashCode(key)
  }
  return flinkMurmurHash(hashCode) % maxParallelism
}

/** The index of the subtask that owns a key group. The caller has checked that `parallelism <= maxParallelism`. */
export function subtaskIndexForKeyGroup(keyGroup: number, maxParallelism: number, parallelism: number): number {
  return ((keyGroup * parallelism) / maxParallelism) | 0
}
