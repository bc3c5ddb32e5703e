import { MillraceError } from '../base/error.ts'

/** What may go wrong with state that functions keep. */
export type StateErrorCode =
  /** State of a key was used where no key is current. */
  | 'NO_CURRENT_KEY'
  /** A name, function, type or TTL that cannot describe a state. */
  | 'INVALID_DESCRIPTOR'
  /** A value that cannot be kept. */
  | 'INVALID_VALUE'
  /** A timestamp that no timer can have. */
  | 'INVALID_TIMER'
  /** The name belongs to a state of another kind. */
  | 'STATE_KIND_CHANGED'
  /** The restored values do not have the type that is declared now. */
  | 'STATE_TYPE_CHANGED'
  /** A descriptor's `migrate` threw, or answered a value that is not of the declared type. */
  | 'MIGRATION_FAILED'

/**
 * Thrown where state is described or used in a way that cannot work, or does not fit what was restored.
 *
 * @example
 * let reason: unknown
 * try {
 *   new ValueStateDescriptor('')
 * } catch (error) {
 *   reason = error
 * }
 * const code = reason instanceof StateError ? reason.code : undefined // -> 'INVALID_DESCRIPTOR'
 */
export class StateError extends MillraceError<StateErrorCode> {}
