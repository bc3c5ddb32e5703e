/** A family of Flink's keys that have no effect here, or none yet, and why. */
export interface ForeignKeys {
  /** A whole key, or a prefix that ends with a dot. */
  readonly prefixes: readonly string[]
  /** Completes "has no effect: ...". */
  readonly reason: string
}

/**
 * Keys of Flink that a configuration may bring along. They are read with a warning, so that nobody believes they work.
 * The first family that matches answers, and an option of ours goes before all of them.
 */
export const foreignKeys: readonly ForeignKeys[] = [
  // Not here yet.
  {
    prefixes: [
      'execution.checkpointing.unaligned',
      'execution.checkpointing.unaligned.',
      'execution.checkpointing.aligned-checkpoint-timeout',
      'execution.checkpointing.alignment-timeout',
      'execution.checkpointing.recover-without-channel-state.',
      'execution.checkpointing.max-aligned-checkpoint-size',
    ],
    reason: 'checkpoints are aligned, and hold no records that are under way',
  },
  {
    prefixes: ['execution.checkpointing.incremental', 'state.backend.incremental'],
    reason: 'every checkpoint is a full one',
  },
  {
    prefixes: ['execution.checkpointing.storage', 'state.checkpoint-storage'],
    reason: 'checkpoints are files if execution.checkpointing.dir is set, else they are kept in memory',
  },
  {
    prefixes: ['execution.checkpointing.local-backup.', 'state.backend.local-recovery', 'taskmanager.state.local.'],
    reason: 'all state is local',
  },
  {
    prefixes: ['execution.checkpointing.', 'state.checkpoints.', 'state.savepoints.', 'state.storage.'],
    reason: 'Millrace has nothing like it',
  },
  {
    prefixes: ['execution.savepoint.', 'execution.savepoint-restore-mode', 'execution.state-recovery.'],
    reason: 'what a job starts from is said when it is started: `millrace run -s PATH`',
  },
  {
    prefixes: ['jobmanager.execution.failover-strategy'],
    reason: 'a failure of one subtask restarts all, which are joined by their channels',
  },
  { prefixes: ['cleanup-strategy', 'cleanup-strategy.'], reason: 'nothing is left behind that needs another try' },
  {
    prefixes: ['rest.', 'web.'],
    reason: 'a job answers on loopback only, at `rest.port` or another that is free, and has no web interface',
  },
  { prefixes: ['metrics.'], reason: 'this version of Millrace has no metric reporters yet' },
  {
    prefixes: ['pipeline.auto-watermark-interval', 'pipeline.watermark-alignment.'],
    reason: 'this version of Millrace has no event time yet',
  },
  {
    prefixes: ['pipeline.auto-generate-uids'],
    reason: 'an operator without a uid has an id by its position, with a warning if it keeps state',
  },
  { prefixes: ['jobmanager.scheduler', 'scheduler', 'scheduler-mode'], reason: 'there is one scheduler' },
  // Nothing here that it could mean.
  {
    prefixes: ['state.backend.rocksdb.', 'state.backend.forst.', 'state.backend.changelog.', 'dstl.', 'rocksdb.'],
    reason: 'Millrace has no such state backend',
  },
  { prefixes: ['state.'], reason: 'the one state backend, on the heap, has no such setting' },
  {
    prefixes: ['pipeline.object-reuse'],
    reason:
      'object reuse is always on: records are not copied between chained operators, and an emitted record is immutable',
  },
  {
    prefixes: [
      'pipeline.jars',
      'pipeline.classpaths',
      'pipeline.closure-cleaner-level',
      'pipeline.cached-files',
      'classloader.',
      'yarn.',
      'python.',
    ],
    reason: 'a job is a TypeScript module, and there are no jars',
  },
  {
    prefixes: [
      'pipeline.force-avro',
      'pipeline.force-kryo',
      'pipeline.force-kryo-avro',
      'pipeline.registered-kryo-types',
      'pipeline.registered-pojo-types',
      'pipeline.default-kryo-serializers',
      'pipeline.serialization-config',
    ],
    reason: 'records have codecs of Millrace; declare types with `returns` or `registerType`',
  },
  {
    prefixes: [
      'pipeline.global-job-parameters',
      'pipeline.jobvertex-parallelism-overrides',
      'pipeline.vertex-description-mode',
      'pipeline.vertex-name-include-index-prefix',
      'pipeline.operator-chaining.chain-operators-with-different-max-parallelism',
    ],
    reason: 'Millrace has nothing like it',
  },
  {
    prefixes: [
      'jobmanager.memory.',
      'taskmanager.memory.process.size',
      'taskmanager.memory.flink.size',
      'taskmanager.memory.size',
      'taskmanager.memory.off-heap',
      'taskmanager.memory.preallocate',
      'taskmanager.memory.fraction',
      'taskmanager.memory.task.',
      'taskmanager.memory.managed.',
      'taskmanager.memory.framework.',
      'taskmanager.memory.jvm-metaspace.',
      'taskmanager.memory.jvm-overhead.',
      'taskmanager.memory.min-segment-size',
      'jobmanager.heap.',
      'taskmanager.heap.',
    ],
    reason: 'it divides the memory of a JVM; Node sizes its heaps itself (node --max-old-space-size)',
  },
  { prefixes: ['env.', 'jmx.'], reason: 'it belongs to a JVM or to the scripts that start a cluster of them' },
  {
    prefixes: [
      'high-availability',
      'high-availability.',
      'zookeeper.',
      'kubernetes.',
      'mesos.',
      'containerized.',
      'external-resource.',
      'external-resources',
      'cluster.',
      'heartbeat.',
      'blob.',
      'slot.',
      'slotmanager.',
      'resourcemanager.',
      'akka.',
      'pekko.',
      'queryable-state.',
      'jobstore.',
      'historyserver.',
      'jobmanager.',
    ],
    reason: 'it belongs to a cluster of processes, and a job of Millrace runs in one',
  },
  { prefixes: ['security.'], reason: 'nothing leaves the process that it could protect' },
  {
    prefixes: [
      'taskmanager.data.',
      'taskmanager.network.netty.',
      'taskmanager.network.blocking-shuffle.',
      'taskmanager.network.sort-shuffle.',
      'taskmanager.network.hybrid-shuffle.',
      'taskmanager.network.request-backoff.',
      'taskmanager.network.tcp-connection.',
      'taskmanager.network.compression.',
      'taskmanager.network.retries',
      'taskmanager.network.detailed-metrics',
      'taskmanager.network.bind-address',
      'taskmanager.network.bind-policy',
      'taskmanager.network.credit-model',
      'taskmanager.network.max-num-tcp-connections',
      'taskmanager.network.partition-request-timeout',
      'taskmanager.network.numberOfBuffers',
      'taskmanager.host',
      'taskmanager.bind-host',
      'taskmanager.rpc.',
      'taskmanager.registration.',
      'taskmanager.resource-id',
      'taskmanager.runtime.',
      'taskmanager.slot.',
      'taskmanager.debug.',
      'taskmanager.log.',
      'task.',
    ],
    reason: 'records travel between threads of one process, by shared memory',
  },
  {
    prefixes: [
      'taskmanager.network.memory.max-buffers-per-channel',
      'taskmanager.network.memory.max-overdraft-buffers-per-gate',
      'taskmanager.network.memory.buffer-debloat.',
      'taskmanager.network.memory.read-buffer.',
      'taskmanager.network.memory.exclusive-buffers-request-timeout-ms',
    ],
    reason:
      'a channel is bounded by taskmanager.network.memory.buffers-per-channel and .floating-buffers-per-gate, and the output ' +
      'beyond it by pipeline.max-overflow',
  },
  {
    prefixes: ['execution.runtime-mode', 'execution.batch.', 'execution.batch-shuffle-mode', 'execution.sort.'],
    reason: 'every job runs in streaming mode, bounded input included',
  },
  {
    prefixes: [
      'execution.attached',
      'execution.shutdown-on-attached-exit',
      'execution.shutdown-on-application-finish',
      'execution.submit-failed-job-on-application-error',
      'execution.target',
      'execution.job-listeners',
      'execution.job-status-changed-listeners',
      'execution.allow-client-job-configurations',
      'execution.program-config.',
      'client.',
      '$internal.',
    ],
    reason: 'jobs are submitted by `millrace run` or `run()`',
  },
  { prefixes: ['table.', 'sql-client.', 'sql-gateway.'], reason: 'Millrace has no SQL' },
  { prefixes: ['fs.', 's3.', 'io.tmp.dirs', 'plugin.'], reason: 'Millrace has nothing like it' },
]

/** Why `key` has no effect, if it is one of Flink's. */
export function reasonWithoutEffect(key: string): string | undefined {
  const family = foreignKeys.find((each) =>
    each.prefixes.some((prefix) => (prefix.endsWith('.') ? key.startsWith(prefix) : key === prefix)),
  )
  return family?.reason
}
