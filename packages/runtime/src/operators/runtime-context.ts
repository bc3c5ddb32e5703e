import type { Logger } from '../base/logger.ts'
import type { TaskInfo } from '../connector/task-info.ts'
import type { MetricGroup } from '../metrics/metric-group.ts'
import type { KeyedStateStore } from './keyed-state-store.ts'

/** What everything that runs in a subtask may know of it. */
export interface SubtaskContext {
  readonly taskInfo: TaskInfo
  readonly metrics: MetricGroup
  readonly logger: Logger
  /** Aborted when the job is being canceled or has failed. Hand it to whatever may wait long. */
  readonly signal: AbortSignal
}

/** What a rich function gets in `open`. On a keyed stream it is also the way to the function's keyed state. */
export interface RuntimeContext extends SubtaskContext, KeyedStateStore {}
