import type {
  CheckpointStatistics,
  CheckpointStatisticsEntry,
  RestoredCheckpointStatistics,
} from '../cluster/checkpoint-statistics.ts'
import { distributionOf } from './distribution.ts'

/** What Flink says of a checkpoint that is only in memory. */
const notAddressable = '<checkpoint-not-externally-addressable>'

/** `/jobs/:jobId/checkpoints`. The summary is that of the completed ones in the history. */
export function checkpointsJson(statistics: CheckpointStatistics): Readonly<Record<string, unknown>> {
  const { counts, history } = statistics
  const completed = history.filter(({ status }) => status === 'COMPLETED')
  const sizes = distributionOf(completed.map(({ stateBytes }) => stateBytes))
  const none = distributionOf(completed.map(() => 0))
  return {
    counts: {
      restored: counts.restored,
      total: counts.total,
      in_progress: counts.inProgress,
      completed: counts.completed,
      failed: counts.failed,
    },
    summary: {
      checkpointed_size: sizes,
      state_size: sizes,
      end_to_end_duration: distributionOf(completed.map(({ durationMs }) => Math.round(durationMs))),
      alignment_buffered: none,
      processed_data: none,
      persisted_data: none,
    },
    latest: {
      completed: entryOrNull(statistics.latestCompleted),
      savepoint: entryOrNull(statistics.latestSavepoint),
      failed: entryOrNull(statistics.latestFailed),
      restored: statistics.latestRestored === undefined ? null : restoredJson(statistics.latestRestored),
    },
    history: history.map(entryJson),
  }
}

function entryOrNull(entry: CheckpointStatisticsEntry | undefined): unknown {
  return entry === undefined ? null : entryJson(entry)
}

function entryJson(entry: CheckpointStatisticsEntry): Readonly<Record<string, unknown>> {
  return {
    className: entry.status.toLowerCase(),
    id: entry.checkpointId,
    status: entry.status,
    is_savepoint: entry.isSavepoint,
    savepointFormat: entry.isSavepoint ? 'CANONICAL' : null,
    trigger_timestamp: entry.triggerTimestampMs,
    latest_ack_timestamp: entry.latestAckTimestampMs ?? -1,
    checkpointed_size: entry.stateBytes,
    state_size: entry.stateBytes,
    end_to_end_duration: Math.round(entry.durationMs),
    // Barriers are aligned, so no record is kept in a checkpoint.
    alignment_buffered: 0,
    processed_data: 0,
    persisted_data: 0,
    num_subtasks: entry.subtaskCount,
    num_acknowledged_subtasks: entry.acknowledgedCount,
    checkpoint_type: entry.isSavepoint ? 'SAVEPOINT' : 'CHECKPOINT',
    tasks: {},
    ...(entry.status === 'COMPLETED' && { external_path: entry.path ?? notAddressable, discarded: false }),
    ...(entry.status === 'FAILED' && {
      failure_timestamp: entry.triggerTimestampMs + Math.round(entry.durationMs),
      failure_message: entry.failureMessage ?? null,
    }),
  }
}

function restoredJson(restored: RestoredCheckpointStatistics): Readonly<Record<string, unknown>> {
  return {
    id: restored.checkpointId,
    restore_timestamp: restored.restoreTimestampMs,
    is_savepoint: restored.isSavepoint,
    external_path: restored.path ?? notAddressable,
  }
}
