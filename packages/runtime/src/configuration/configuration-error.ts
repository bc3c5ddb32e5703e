import { MillraceError } from '../base/error.ts'

export type ConfigurationErrorCode =
  | 'UNKNOWN_OPTION'
  | 'ILL_TYPED_VALUE'
  | 'DUPLICATE_OPTION'
  | 'CONFLICTING_OPTIONS'
  | 'MALFORMED_PROPERTY'
  | 'MALFORMED_FILE'
  | 'UNREADABLE_FILE'

/** What is wrong with a setting. `facts` hold the key, the value and where it was set. */
export class ConfigurationError extends MillraceError<ConfigurationErrorCode> {}
