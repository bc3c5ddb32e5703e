/**
 * Names a side output and carries the type of its records. Two tags with the same id are the same side output.
 *
 * @example
 * const malformed = new OutputTag<string>('malformed')
 * malformed.id // -> 'malformed'
 */
export class OutputTag<T> {
  readonly id: string
  /** Only for the type checker: carries `T`. */
  declare readonly recordType: T

  constructor(id: string) {
    this.id = id
  }
}
