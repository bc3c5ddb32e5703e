/** Who this subtask is. */
export interface TaskInfo {
  /** The name of the operator, e.g. `Parse`. */
  readonly name: string
  /** From 0. */
  readonly index: number
  readonly parallelism: number
  readonly maxParallelism: number
  /** From 0; one more after each restart. */
  readonly attempt: number
}
