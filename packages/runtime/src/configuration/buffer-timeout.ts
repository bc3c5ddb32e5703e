import type { Configuration } from './configuration.ts'
import { ConfigurationOptions } from './configuration-options.ts'

/** What the two options of the buffer timeout mean together: milliseconds, 0 for every record, -1 for full segments only. */
export function bufferTimeoutMs(configuration: Configuration): number {
  if (!configuration.get(ConfigurationOptions.BUFFER_TIMEOUT_ENABLED)) return -1
  return configuration.get(ConfigurationOptions.BUFFER_TIMEOUT_INTERVAL)
}
