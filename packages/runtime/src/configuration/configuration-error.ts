import { MillraceError } from '../base/error.ts'

/** What can be wrong with a setting. */
export type ConfigurationErrorCode =
  | 'UNKNOWN_OPTION'
  | 'ILL_TYPED_VALUE'
  | 'DUPLICATE_OPTION'
  | 'CONFLICTING_OPTIONS'
  | 'MALFORMED_PROPERTY'
  | 'MALFORMED_FILE'
  | 'UNREADABLE_FILE'

/**
 * What is wrong with a setting. `facts` hold the key, the value and where it was set.
 *
 * @example
 * const job = defineJob('misspelt', (env) => {
 *   env.configure({ 'paralelism.default': 2 })
 * })
 * planJob(job) // throws ConfigurationError: did you mean parallelism.default?
 */
export class ConfigurationError extends MillraceError<ConfigurationErrorCode> {}
