import type { Logger } from '../base/logger.ts'
import type { TaskInfo } from '../connector/task-info.ts'
import type { MetricGroup } from '../metrics/metric-group.ts'

/** What a rich function gets in `open`. */
export interface RuntimeContext {
  readonly taskInfo: TaskInfo
  readonly metrics: MetricGroup
  readonly logger: Logger
  /** Aborted when the job is being canceled or has failed. Hand it to whatever may wait long. */
  readonly signal: AbortSignal
}
