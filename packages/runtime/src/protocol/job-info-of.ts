import { CheckpointingOptions } from '../configuration/checkpointing-options.ts'
import { Configuration } from '../configuration/configuration.ts'
import { ConnectorOptions } from '../configuration/connector-options.ts'
import { RestartStrategyOptions } from '../configuration/restart-strategy-options.ts'
import type { CheckpointingInfo, JobInfo } from '../connector/job-info.ts'
import type { SlotDeployment } from './slot-deployment.ts'

/** What connectors are told of a job, on the coordinator and in slots alike. */
export function jobInfoOf({
  jobId,
  jobName,
  job,
}: Pick<SlotDeployment, 'jobId' | 'jobName'> & {
  readonly job: Pick<SlotDeployment['job'], 'configuration'>
}): JobInfo {
  const configuration = Configuration.fromEntries(job.configuration)
  return {
    jobId,
    jobName,
    checkpointing: checkpointingInfo(configuration),
    onLostTransaction: configuration.get(ConnectorOptions.ON_LOST_TRANSACTION),
    kafkaDriver: configuration.get(ConnectorOptions.KAFKA_DRIVER),
  }
}

function checkpointingInfo(configuration: Configuration): CheckpointingInfo | undefined {
  const intervalMs = configuration.get(CheckpointingOptions.CHECKPOINTING_INTERVAL)
  if (intervalMs === undefined || intervalMs === 0) return undefined
  return {
    intervalMs,
    timeoutMs: configuration.get(CheckpointingOptions.CHECKPOINTING_TIMEOUT),
    restartDelayMaxMs: restartDelayMaxMs(configuration),
  }
}

function restartDelayMaxMs(configuration: Configuration): number {
  // A job with checkpoints has this strategy unless it names another (cluster/create-restart-strategy.ts).
  switch (configuration.get(RestartStrategyOptions.RESTART_STRATEGY) ?? 'exponential-delay') {
    case 'none':
      return 0
    case 'fixed-delay':
      return configuration.get(RestartStrategyOptions.FIXED_DELAY)
    case 'failure-rate':
      return configuration.get(RestartStrategyOptions.FAILURE_RATE_DELAY)
    case 'exponential-delay':
      return configuration.get(RestartStrategyOptions.EXPONENTIAL_MAX_BACKOFF)
  }
}
