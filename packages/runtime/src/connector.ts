export type { StandardSchemaV1 } from '@standard-schema/spec'
export { assert } from './base/assert.ts'
export type { Clock } from './base/clock.ts'
export { MillraceError, type MillraceErrorOptions } from './base/error.ts'
export type { Logger } from './base/logger.ts'
export type { Random } from './base/random.ts'
export { ConnectorError } from './connector/connector-error.ts'
export { type CrashPoint, reachCrashPoint } from './connector/crash-point.ts'
export { FixedSplitEnumerator, type FixedSplitState } from './connector/fixed-split-enumerator.ts'
export type { CheckpointingInfo, JobInfo, KafkaDriverName, OnLostTransaction } from './connector/job-info.ts'
export { inspectInOneLine, preview } from './connector/preview.ts'
export { PrintSink, type PrintSinkOptions } from './connector/print-sink.ts'
export type { Committer, Sink, SinkWriter, SinkWriterContext, TextOutput } from './connector/sink.ts'
export type {
  Boundedness,
  InputStatus,
  ReaderOutput,
  Source,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from './connector/source.ts'
export type { TaskInfo } from './connector/task-info.ts'
export type { Counter, Gauge, GaugeAggregation, MetricGroup } from './metrics/metric-group.ts'
