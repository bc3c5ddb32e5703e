import { MillraceError } from '../base/error.ts'
import { previewRecord } from '../record/preview.ts'

const PREVIEW_CHARACTERS_MAX = 200

/** A user's function (or what it is given to) failed: which operator, on which record, and why. */
export class OperatorFailure extends MillraceError<'OPERATOR_FAILED'> {
  readonly operatorName: string
  readonly recordPreview: string | undefined

  constructor(operatorName: string, record: { readonly value: unknown } | undefined, cause: unknown) {
    const recordPreview = record && previewRecord(record.value, PREVIEW_CHARACTERS_MAX)
    const at = recordPreview === undefined ? '' : ` at the record ${recordPreview}`
    super('OPERATOR_FAILED', `The operator "${operatorName}" failed${at}`, { operatorName, recordPreview }, { cause })
    this.operatorName = operatorName
    this.recordPreview = recordPreview
  }
}
