import type { ConfigurationEntries } from './configuration.ts'
import { ConfigurationError } from './configuration-error.ts'

/**
 * The entries of `-D key=value` arguments, each given without its `-D`. Of two for one key the later counts.
 *
 * @throws ConfigurationError `MALFORMED_PROPERTY` if one is not of that form.
 */
export function parseDynamicProperties(properties: readonly string[]): ConfigurationEntries {
  const entries: Record<string, string> = {}
  for (const property of properties) {
    const equals = property.indexOf('=')
    const key = property.slice(0, Math.max(equals, 0)).trim()
    if (key === '') {
      throw new ConfigurationError(
        'MALFORMED_PROPERTY',
        `Cannot read -D ${property}: expected key=value, for example -D parallelism.default=4`,
        { property },
      )
    }
    entries[key] = property.slice(equals + 1).trim()
  }
  return entries
}
