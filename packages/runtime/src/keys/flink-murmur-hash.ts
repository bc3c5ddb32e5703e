/**
 * Flink's scrambling of a Java hash code (org.apache.flink.util.MathUtils#murmurHash): one block of MurmurHash3 x86 32,
 * made non-negative.
 */
export function flinkMurmurHash(hashCode: number): number {
  let h = Math.imul(hashCode, 0xcc9e2d51)
  h = (h << 15) | (h >>> 17)
  h = Math.imul(h, 0x1b873593)
  h = (h << 13) | (h >>> 19)
  h = (Math.imul(h, 5) + 0xe6546b64) | 0
  h ^= 4
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  h ^= h >>> 16
  if (h >= 0) return h
  // The smallest integer has no positive counterpart; Flink takes 0 for it.
  return h === -2147483648 ? 0 : -h
}
