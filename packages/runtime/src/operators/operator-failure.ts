import { MillraceError } from '../base/error.ts'
import { previewRecord } from '../record/preview.ts'

const PREVIEW_CHARACTERS_MAX = 200

/** Stands where a record would be named if there is none: what failed was no record's doing (open, endInput, flush). */
export const NO_RECORD: unique symbol = Symbol('no record')

/** A user's function (or what it is given to) failed: which operator, on which record, and why. */
export class OperatorFailure extends MillraceError<'OPERATOR_FAILED'> {
  readonly operatorName: string
  readonly recordPreview: string | undefined

  /** @param record - the record that was being worked on, or {@link NO_RECORD}. */
  constructor(operatorName: string, record: unknown, cause: unknown) {
    const recordPreview = record === NO_RECORD ? undefined : previewRecord(record, PREVIEW_CHARACTERS_MAX)
    const at = recordPreview === undefined ? '' : ` at the record ${recordPreview}`
    super('OPERATOR_FAILED', `The operator "${operatorName}" failed${at}`, { operatorName, recordPreview }, { cause })
    this.operatorName = operatorName
    this.recordPreview = recordPreview
  }
}
