/** What connectors may know of the job that they are part of. The same in all threads; plain data. */
export interface JobInfo {
  /** 32 hex digits; another in each run. */
  readonly jobId: string
  readonly jobName: string
  /** Undefined if the job takes no checkpoints by itself. */
  readonly checkpointing: CheckpointingInfo | undefined
  /** `sink.on-lost-transaction`: what a sink does with output that was to be committed and is gone. */
  readonly onLostTransaction: OnLostTransaction
  /** `kafka.driver`: the library that connects to Kafka. */
  readonly kafkaDriver: KafkaDriverName
}

/** What bounds the time from the first record of a checkpoint until what was written for it is committed. */
export interface CheckpointingInfo {
  readonly intervalMs: number
  readonly timeoutMs: number
  /** The longest that the restart strategy waits before an attempt. */
  readonly restartDelayMaxMs: number
}

/** `fail` ends the job for good; `skip` goes on without that output, and says so in the log. */
export type OnLostTransaction = 'fail' | 'skip'

/** The libraries by which the Kafka connector can reach brokers. */
export type KafkaDriverName = 'kafkajs' | 'platformatic'
