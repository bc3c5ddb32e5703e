import murmurHash3 from 'murmurhash3js-revisited'

/** MurmurHash3 x86 32 with seed 0, as a signed 32-bit integer. */
export function murmur3Hash32(bytes: Uint8Array): number {
  return murmurHash3.x86.hash32(bytes) | 0
}

/**
 * MurmurHash3 x64 128 with seed 0, as the 32 hex digits that Java's Guava prints and Flink uses for operator ids: each
 * 64-bit half with its lowest byte first.
 */
export function murmur3Hash128(bytes: Uint8Array): string {
  const digits = murmurHash3.x64.hash128(bytes)
  return reverseBytes(digits.slice(0, 16)) + reverseBytes(digits.slice(16))
}

function reverseBytes(digits: string): string {
  let reversed = ''
  for (let i = digits.length - 2; i >= 0; i -= 2) reversed += digits.slice(i, i + 2)
  return reversed
}
