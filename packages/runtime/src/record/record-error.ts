import { MillraceError } from '../base/error.ts'

/** What can be wrong with one record. */
export type RecordErrorCode =
  /** A function, a symbol, a promise, shared memory, ...: nothing that could exist on the other side. */
  | 'UNSUPPORTED_VALUE'
  /** An instance of a class that is not registered. */
  | 'UNREGISTERED_CLASS'
  /** A getter, a setter, a symbol as key, a non-enumerable property, or a named property of an array. */
  | 'UNSUPPORTED_PROPERTY'
  | 'CYCLE'
  | 'TOO_DEEP'
  /** The value does not have the type that was declared. */
  | 'TYPE_MISMATCH'
  /** More bytes than one record may have. */
  | 'TOO_LARGE'
  /** A general type where `disableGenericTypes()` forbids it. */
  | 'GENERIC_TYPE'
  /** A type description or a registration that cannot work. */
  | 'INVALID_TYPE'
  /** The `encode` or `decode` of a registered type threw. */
  | 'REGISTERED_TYPE_FAILED'
  /** Bytes that no encoder of ours wrote. */
  | 'CORRUPT_DATA'
  | 'MUTATED_AFTER_EMIT'

/**
 * What may go wrong with one record. `facts.path` is the place inside the record, where there is one.
 *
 * @example
 * const job = defineJob('unsendable', (env) => {
 *   env.fromElements({ callback: () => {} }).rebalance().print()
 * })
 * await runInSimulation(job) // throws ClusterError: RecordError: Cannot send a record
 */
export class RecordError extends MillraceError<RecordErrorCode> {}

export function corrupt(what: string, facts: Readonly<Record<string, unknown>> = {}): RecordError {
  return new RecordError('CORRUPT_DATA', `Cannot decode a record: ${what}`, facts)
}
