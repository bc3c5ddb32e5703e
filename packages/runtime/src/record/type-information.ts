/** Describes the records of an edge, so that their codec need not be inferred. */
export interface TypeInformation<T> {
  readonly kind: string
  /** Only for the type checker: carries `T`. */
  readonly valueType?: T
}
