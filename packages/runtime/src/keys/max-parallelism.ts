/** Flink's bounds of the default, and of what may be set: key groups are counted in 15 bits. */
export const DEFAULT_MAX_PARALLELISM_MIN = 128
export const MAX_PARALLELISM_LIMIT = 32_768

/**
 * The max parallelism of an operator that sets none: half as much again as its parallelism, rounded up to a power of
 * two, and at least 128. So there is room to scale up, and small jobs all have 128 key groups.
 */
export function defaultMaxParallelism(parallelism: number): number {
  const wanted = parallelism + Math.floor(parallelism / 2)
  const powerOfTwo = wanted <= 1 ? 1 : 2 ** (32 - Math.clz32(wanted - 1))
  return Math.min(Math.max(powerOfTwo, DEFAULT_MAX_PARALLELISM_MIN), MAX_PARALLELISM_LIMIT)
}
