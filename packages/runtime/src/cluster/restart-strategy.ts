/** Decides whether and when a failed job is started anew. After Flink's RestartBackoffTimeStrategy. */
export interface RestartStrategy {
  /** Called once for each failure: how long to wait before the next attempt; undefined: no further attempt. */
  onFailure(nowMs: number): number | undefined
  /** E.g. `fixed delay (attempts 3, delay 1000 ms)`: as Flink shows it in a job's configuration. */
  readonly description: string
}
