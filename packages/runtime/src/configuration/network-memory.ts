import type { Configuration } from './configuration.ts'
import { ConfigurationError } from './configuration-error.ts'
import { ConfigurationOptions } from './configuration-options.ts'
import { formatMemorySizeBytes } from './memory-size.ts'

/**
 * How many bytes all segments of a job together may take: the fraction of the machine's memory, within the bounds.
 *
 * @throws ConfigurationError `CONFLICTING_OPTIONS` if the lower bound is above the upper.
 */
export function networkMemoryBytes(configuration: Configuration, machineMemoryBytes: number): number {
  const share = configuration.get(ConfigurationOptions.NETWORK_MEMORY_FRACTION) * machineMemoryBytes
  const min = configuration.get(ConfigurationOptions.NETWORK_MEMORY_MIN)
  const max = configuration.get(ConfigurationOptions.NETWORK_MEMORY_MAX) ?? Number.MAX_SAFE_INTEGER
  // Who sets only an upper bound below the default lower bound means the upper bound.
  if (min > max && configuration.isSet(ConfigurationOptions.NETWORK_MEMORY_MIN)) {
    throw new ConfigurationError(
      'CONFLICTING_OPTIONS',
      `${ConfigurationOptions.NETWORK_MEMORY_MIN.key} is ${formatMemorySizeBytes(min)}, but ` +
        `${ConfigurationOptions.NETWORK_MEMORY_MAX.key} is ${formatMemorySizeBytes(max)}: raise the second or lower the first`,
      { min, max },
    )
  }
  return Math.floor(Math.min(Math.max(share, min), max))
}
