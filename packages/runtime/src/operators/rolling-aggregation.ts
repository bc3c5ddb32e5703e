/** Flink's rolling aggregations of a keyed stream. `field` is a property name, or a position in a tuple. */
export interface RollingAggregation {
  readonly kind: 'sum' | 'min' | 'max' | 'minBy' | 'maxBy'
  readonly field: string | number
  /** For `minBy` and `maxBy`: on a tie keep the first record (Flink's default), else the last. */
  readonly firstOnTie: boolean
}
