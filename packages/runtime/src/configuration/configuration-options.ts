import { CheckpointingOptions } from './checkpointing-options.ts'
import type { ConfigurationOption } from './configuration-option.ts'
import { ConnectorOptions } from './connector-options.ts'
import { boolean, durationOrNever, fraction, integer, memorySize, string } from './option-type.ts'
import { RestOptions } from './rest-options.ts'
import { RestartStrategyOptions } from './restart-strategy-options.ts'

/** The table of all options that take effect. `docs/configuration.md` is generated from it. */
export const ConfigurationOptions: {
  readonly PARALLELISM: ConfigurationOption<number>
  readonly MAX_PARALLELISM: ConfigurationOption<number>
  readonly JOB_NAME: ConfigurationOption<string | undefined>
  readonly OPERATOR_CHAINING: ConfigurationOption<boolean>
  readonly GENERIC_TYPES: ConfigurationOption<boolean>
  readonly CHECK_MUTATION: ConfigurationOption<boolean>
  readonly MAX_OVERFLOW: ConfigurationOption<number>
  readonly BUFFER_TIMEOUT_ENABLED: ConfigurationOption<boolean>
  readonly BUFFER_TIMEOUT_INTERVAL: ConfigurationOption<number>
  readonly TASK_SLOTS: ConfigurationOption<number | undefined>
  readonly SEGMENT_SIZE: ConfigurationOption<number>
  readonly BUFFERS_PER_CHANNEL: ConfigurationOption<number>
  readonly FLOATING_BUFFERS_PER_GATE: ConfigurationOption<number>
  readonly NETWORK_MEMORY_FRACTION: ConfigurationOption<number>
  readonly NETWORK_MEMORY_MIN: ConfigurationOption<number>
  readonly NETWORK_MEMORY_MAX: ConfigurationOption<number | undefined>
} & typeof CheckpointingOptions &
  typeof RestartStrategyOptions &
  typeof RestOptions &
  typeof ConnectorOptions = {
  ...CheckpointingOptions,
  ...RestartStrategyOptions,
  ...RestOptions,
  ...ConnectorOptions,
  PARALLELISM: {
    key: 'parallelism.default',
    section: 'Job',
    type: integer({ min: 1, max: 32_768, example: 4 }),
    defaultValue: 1,
    description:
      'How many subtasks each operator has, unless the program (`env.setParallelism`) or the operator (`setParallelism`) ' +
      'says otherwise. `-p` on the command line replaces this and `env.setParallelism`.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  MAX_PARALLELISM: {
    key: 'pipeline.max-parallelism',
    section: 'Job',
    type: integer({ min: 1, max: 32_768, orElse: -1, example: 128 }),
    defaultValue: -1,
    description:
      'The number of key groups of operators that set none, and so the highest parallelism they can ever be rescaled to. ' +
      "-1: Flink's formula, which gives 128 up to parallelism 85.",
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  JOB_NAME: {
    key: 'pipeline.name',
    section: 'Job',
    type: string,
    defaultValue: undefined,
    description: 'The name of the job. Unset: the name given to `defineJob`.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  OPERATOR_CHAINING: {
    key: 'pipeline.operator-chaining.enabled',
    section: 'Job',
    type: boolean,
    defaultValue: true,
    description: 'Whether operators with a forward edge between them run as one chain, without serialization.',
    deprecatedKeys: ['pipeline.operator-chaining'],
    isFlinkKey: true,
  },
  GENERIC_TYPES: {
    key: 'pipeline.generic-types',
    section: 'Job',
    type: boolean,
    defaultValue: true,
    description:
      'Whether records without a declared type may cross an edge. `false` makes an undeclared type an error at submission, ' +
      'as does `env.disableGenericTypes()`.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  CHECK_MUTATION: {
    key: 'pipeline.check-mutation',
    section: 'Job',
    type: boolean,
    defaultValue: false,
    description:
      'Whether to check that nobody changes a record after emitting it, which costs time. Emitted objects are frozen; the ' +
      'change is an error that names the operator. Always on in simulation.',
    deprecatedKeys: [],
    isFlinkKey: false,
  },
  MAX_OVERFLOW: {
    key: 'pipeline.max-overflow',
    section: 'Job',
    type: memorySize({ min: 1, example: '64 mb' }),
    defaultValue: 64 * 2 ** 20,
    description:
      'How much a subtask may emit for one input record while its output is not available. Past it the job fails; a ' +
      'function that emits that much should be a generator, which is paused instead.',
    deprecatedKeys: [],
    isFlinkKey: false,
  },
  BUFFER_TIMEOUT_ENABLED: {
    key: 'execution.buffer-timeout.enabled',
    section: 'Execution',
    type: boolean,
    defaultValue: true,
    description: '`false`: only full segments are sent, whatever `execution.buffer-timeout.interval` says.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  BUFFER_TIMEOUT_INTERVAL: {
    key: 'execution.buffer-timeout.interval',
    section: 'Execution',
    type: durationOrNever,
    defaultValue: 100,
    description:
      'How long a record may wait in a segment that is not full. 0: every record is sent at once, for the lowest latency; ' +
      '-1: only full segments are sent, for the highest throughput.',
    deprecatedKeys: ['execution.buffer-timeout'],
    isFlinkKey: true,
  },
  TASK_SLOTS: {
    key: 'taskmanager.numberOfTaskSlots',
    section: 'Slots and memory',
    type: integer({ min: 1, max: 1_024, example: 4 }),
    defaultValue: undefined,
    description:
      'The number of slots, each a worker thread. Unset: as many as the job needs. Set, it is a cap: a job that needs more ' +
      'does not start.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  SEGMENT_SIZE: {
    key: 'taskmanager.memory.segment-size',
    section: 'Slots and memory',
    type: memorySize({ min: 4 * 2 ** 10, max: 16 * 2 ** 20, example: '32 kb' }),
    defaultValue: 32 * 2 ** 10,
    description: 'The size of a segment: the unit in which records travel between subtasks.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  BUFFERS_PER_CHANNEL: {
    key: 'taskmanager.network.memory.buffers-per-channel',
    section: 'Slots and memory',
    type: integer({ min: 1, max: 1_024, example: 2 }),
    defaultValue: 2,
    description: 'How many segments belong to each channel between two subtasks.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  FLOATING_BUFFERS_PER_GATE: {
    key: 'taskmanager.network.memory.floating-buffers-per-gate',
    section: 'Slots and memory',
    type: integer({ min: 0, max: 4_096, example: 8 }),
    defaultValue: 8,
    description: 'How many further segments the input of a subtask lends to those of its channels that have a backlog.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  NETWORK_MEMORY_FRACTION: {
    key: 'taskmanager.memory.network.fraction',
    section: 'Slots and memory',
    type: fraction,
    defaultValue: 0.1,
    description:
      "The share of the machine's memory that all segments together may take, within `taskmanager.memory.network.min` and " +
      '`.max`. A job that needs more does not start.',
    deprecatedKeys: ['taskmanager.network.memory.fraction'],
    isFlinkKey: true,
  },
  NETWORK_MEMORY_MIN: {
    key: 'taskmanager.memory.network.min',
    section: 'Slots and memory',
    type: memorySize({ example: '64 mb' }),
    defaultValue: 64 * 2 ** 20,
    description:
      'What all segments together may take at least, however small `taskmanager.memory.network.fraction` is.',
    deprecatedKeys: ['taskmanager.network.memory.min'],
    isFlinkKey: true,
  },
  NETWORK_MEMORY_MAX: {
    key: 'taskmanager.memory.network.max',
    section: 'Slots and memory',
    type: memorySize({ example: '1 gb' }),
    defaultValue: undefined,
    description: 'What all segments together may take at most. Unset: no further bound.',
    deprecatedKeys: ['taskmanager.network.memory.max'],
    isFlinkKey: true,
  },
}
