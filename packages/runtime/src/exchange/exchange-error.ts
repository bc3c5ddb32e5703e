import { MillraceError } from '../base/error.ts'

export type ExchangeErrorCode =
  | 'OVERFLOW_EXCEEDED'
  | 'KEY_SELECTION_FAILED'
  | 'PARTITIONER_FAILED'
  | 'PARTITION_OUT_OF_RANGE'

/** What goes wrong while records move between subtasks. */
export class ExchangeError extends MillraceError<ExchangeErrorCode> {}
