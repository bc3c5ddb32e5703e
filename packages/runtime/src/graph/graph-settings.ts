/** What the planner needs to know beside the transformations. */
export interface GraphSettings {
  readonly jobName: string
  /** The environment's parallelism, as `-p`, `env.setParallelism` and `parallelism.default` resolve it. */
  readonly parallelism: number
  /** `env.setMaxParallelism` or `pipeline.max-parallelism`, if set. */
  readonly maxParallelism?: number
  /** By operator id, of state that the job starts from: holds where neither the operator nor the job sets one. */
  readonly maxParallelisms?: Readonly<Record<string, number>>
  /** `pipeline.operator-chaining.enabled` and `env.disableOperatorChaining()`. */
  readonly chaining: boolean
  /** `execution.buffer-timeout` and `env.setBufferTimeout`: -1, 0 or milliseconds. */
  readonly bufferTimeoutMs: number
}
