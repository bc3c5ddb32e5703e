/**
 * Describes the records of an edge, so that their codec need not be inferred. Made by `Types` or by
 * `typeFromStandardSchema`; what is inside is a `TypeDescription`.
 */
export interface TypeInformation<T> {
  readonly kind: string
  /** Only for the type checker: carries `T`. */
  readonly valueType?: T
}

/** The TypeScript type that a type information stands for. */
export type ValueOf<I> = I extends TypeInformation<infer T> ? T : never
