import type { TypeInformation } from '../record/type-information.ts'

/**
 * Names a side output and carries the type of its records. Two tags with the same id are the same side output.
 *
 * @example
 * const malformed = new OutputTag<string>('malformed')
 * malformed.id // -> 'malformed'
 * const late = new OutputTag('late', Types.row({ at: Types.LONG }))
 * late.type?.kind // -> 'row'
 */
export class OutputTag<T> {
  readonly id: string
  /** The declared type of the records, so that their codec need not be inferred. */
  readonly type: TypeInformation<T> | undefined
  /** Only for the type checker: carries `T`. */
  declare readonly recordType: T

  /** @param id - unique among the side outputs of an operator. */
  constructor(id: string, type?: TypeInformation<T>) {
    this.id = id
    this.type = type
  }
}
