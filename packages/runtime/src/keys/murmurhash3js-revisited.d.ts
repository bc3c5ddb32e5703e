/** The package has no types of its own. Only what `murmur3.ts` uses is declared. */
declare module 'murmurhash3js-revisited' {
  const murmurHash3: {
    readonly x86: { hash32(bytes: Uint8Array, seed?: number): number }
    readonly x64: { hash128(bytes: Uint8Array, seed?: number): string }
  }
  export default murmurHash3
}
