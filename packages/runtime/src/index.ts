export { ApiError, type ApiErrorCode } from './api/api-error.ts'
export { BroadcastConnectedStream, type BroadcastFunctionOf } from './api/broadcast-connected-stream.ts'
export { type AnyMapStateDescriptor, BroadcastStream } from './api/broadcast-stream.ts'
export { CheckpointConfig, type CheckpointingMode, type CheckpointRetention } from './api/checkpoint-config.ts'
export { type CoMapFunction, ConnectedStreams, type CoProcessFunctionOf } from './api/connected-streams.ts'
export { type CollectOptions, DataStream } from './api/data-stream.ts'
export { DataStreamSink } from './api/data-stream-sink.ts'
export type { DeclaredType } from './api/declared-type.ts'
export type { ComparableField, NumericField } from './api/fields.ts'
export { defineJob, isJobDefinition, type JobBuilder, type JobDefinition } from './api/job-definition.ts'
export { JobError, type JobErrorCode } from './api/job-error.ts'
export { JobFileError, type JobFileErrorCode } from './api/job-file-error.ts'
export type { JobWarning } from './api/job-warning.ts'
export { type KeyedProcess, KeyedStream, type TieOptions } from './api/keyed-stream.ts'
export { reinterpretAsKeyedStream } from './api/reinterpret-as-keyed-stream.ts'
export { SingleOutputStreamOperator } from './api/single-output-stream-operator.ts'
export { StreamExecutionEnvironment } from './api/stream-execution-environment.ts'
export { MillraceError } from './base/error.ts'
export type { Logger } from './base/logger.ts'
export { ClusterError, type ClusterErrorCode } from './cluster/cluster-error.ts'
export type { JobHandle, JobMetrics, JobResult, VertexMetrics } from './cluster/job-handle.ts'
export type { JobStatus } from './cluster/job-status.ts'
export type { RestoreSettings } from './cluster/restore-settings.ts'
export type { ConfigurationEntries } from './configuration/configuration.ts'
export { ConfigurationError, type ConfigurationErrorCode } from './configuration/configuration-error.ts'
export type { AsyncIterableContext, AsyncIterableFactory } from './connector/async-iterable-source.ts'
export { CollectionSource } from './connector/collection-source.ts'
export { ConnectorError } from './connector/connector-error.ts'
export { PrintSink, type PrintSinkOptions } from './connector/print-sink.ts'
export { SequenceSource, type SequenceSplit } from './connector/sequence-source.ts'
export type { Sink } from './connector/sink.ts'
export type { Source } from './connector/source.ts'
export type { TaskInfo } from './connector/task-info.ts'
export { GraphError, type GraphErrorCode } from './graph/graph-error.ts'
export { MetricError, type MetricErrorCode } from './metrics/metric-error.ts'
export type { Counter, Gauge, GaugeAggregation, MetricGroup } from './metrics/metric-group.ts'
export type {
  BroadcastContext,
  BroadcastOnTimerContext,
  BroadcastProcessFunction,
  KeyedBroadcastProcessFunction,
  KeyedReadOnlyBroadcastContext,
  ReadOnlyBroadcastAccess,
  ReadOnlyBroadcastContext,
} from './operators/broadcast-process-function.ts'
export type {
  CheckpointedFunction,
  CheckpointListener,
  FunctionInitializationContext,
  FunctionSnapshotContext,
  OperatorStateStore,
} from './operators/checkpointed-function.ts'
export type {
  Collector,
  EndInputFunction,
  FilterFunction,
  FlatMapFunction,
  KeySelector,
  MapFunction,
  Partitioner,
  ProcessContext,
  ProcessFunction,
  ReduceFunction,
  RichCoFlatMapFunction,
  RichCoMapFunction,
  RichCoProcessFunction,
  RichFilterFunction,
  RichFlatMapFunction,
  RichFunction,
  RichMapFunction,
  RichProcessFunction,
  RichReduceFunction,
} from './operators/functions.ts'
export type {
  KeyedCoProcessFunction,
  KeyedProcessContext,
  KeyedProcessFunction,
  OnTimerContext,
  TimerService,
} from './operators/keyed-process-function.ts'
export type { KeyedStateStore } from './operators/keyed-state-store.ts'
export { OperatorError, type OperatorErrorCode } from './operators/operator-error.ts'
export { OutputTag } from './operators/output-tag.ts'
export type { RuntimeContext, SubtaskContext } from './operators/runtime-context.ts'
export { RecordError, type RecordErrorCode } from './record/record-error.ts'
export type { TypeInformation, ValueOf } from './record/type-information.ts'
export type { ClassConstructor, TypeRegistration } from './record/type-registry.ts'
export { type OptionalField, type RowFields, type RowOf, Types, type TypesFactory } from './record/types.ts'
export { type RunOptions, run } from './run.ts'
export type {
  AggregateFunction,
  AggregatingState,
  AppendingState,
  BroadcastState,
  ListState,
  MapState,
  OperatorListState,
  ReadOnlyBroadcastState,
  ReducingState,
  State,
  ValueState,
} from './state/state.ts'
export {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  type StateDescriptorOptions,
  type StateType,
  ValueStateDescriptor,
  type ValueStateOptions,
} from './state/state-descriptor.ts'
export { StateError, type StateErrorCode } from './state/state-error.ts'
export {
  StateTtlConfig,
  StateTtlConfigBuilder,
  type TtlIncrementalCleanup,
  type TtlStateVisibility,
  type TtlUpdateType,
} from './state/state-ttl-config.ts'
export { WatermarkStrategy } from './time/watermark-strategy.ts'
