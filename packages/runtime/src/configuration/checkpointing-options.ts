import type { ConfigurationOption } from './configuration-option.ts'
import { boolean, boundedDuration, enumeration, integer, memorySize, path, soleWord } from './option-type.ts'

export type CheckpointingMode = 'EXACTLY_ONCE' | 'AT_LEAST_ONCE'
export type CheckpointRetention = 'RETAIN_ON_CANCELLATION' | 'DELETE_ON_CANCELLATION' | 'NO_EXTERNALIZED_CHECKPOINTS'

/** Shorter intervals and timeouts leave no time for anything else. Flink's bound. */
const SHORTEST_MS = 10

/** The part of the table that is about checkpoints and savepoints. */
export const CheckpointingOptions: {
  readonly CHECKPOINTING_INTERVAL: ConfigurationOption<number | undefined>
  readonly CHECKPOINTING_MODE: ConfigurationOption<CheckpointingMode>
  readonly CHECKPOINTING_TIMEOUT: ConfigurationOption<number>
  readonly CHECKPOINTING_MIN_PAUSE: ConfigurationOption<number>
  readonly MAX_CONCURRENT_CHECKPOINTS: ConfigurationOption<number>
  readonly TOLERABLE_FAILED_CHECKPOINTS: ConfigurationOption<number>
  readonly CHECKPOINT_RETENTION: ConfigurationOption<CheckpointRetention>
  readonly RETAINED_CHECKPOINTS: ConfigurationOption<number>
  readonly CHECKPOINTS_AFTER_TASKS_FINISH: ConfigurationOption<boolean>
  readonly CHECKPOINT_DIRECTORY: ConfigurationOption<string | undefined>
  readonly DATA_INLINE_THRESHOLD: ConfigurationOption<number>
  readonly STATE_BACKEND: ConfigurationOption<'hashmap'>
  readonly SAVEPOINT_DIRECTORY: ConfigurationOption<string | undefined>
} = {
  CHECKPOINTING_INTERVAL: {
    key: 'execution.checkpointing.interval',
    section: 'Checkpoints',
    type: boundedDuration({ min: SHORTEST_MS, orElse: 0, example: '10 s' }),
    defaultValue: undefined,
    description:
      'The time from the start of one checkpoint to the start of the next. Unset or 0: the job takes none by itself, and ' +
      'does not restart after a failure unless `restart-strategy.type` is set.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  CHECKPOINTING_MODE: {
    key: 'execution.checkpointing.mode',
    section: 'Checkpoints',
    type: enumeration('EXACTLY_ONCE', 'AT_LEAST_ONCE'),
    defaultValue: 'EXACTLY_ONCE',
    description:
      'EXACTLY_ONCE: after a restart each record counts once in all state. AT_LEAST_ONCE: inputs do not wait for each ' +
      "other's barriers, and after a restart records may count again.",
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  CHECKPOINTING_TIMEOUT: {
    key: 'execution.checkpointing.timeout',
    section: 'Checkpoints',
    type: boundedDuration({ min: SHORTEST_MS, example: '10 min' }),
    defaultValue: 10 * 60_000,
    description: 'How long a checkpoint or savepoint may take. Then it is given up, and counts as failed.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  CHECKPOINTING_MIN_PAUSE: {
    key: 'execution.checkpointing.min-pause',
    section: 'Checkpoints',
    type: boundedDuration({ min: 0, example: '500 ms' }),
    defaultValue: 0,
    description:
      'The time from the end of one checkpoint until the next may start. Above 0 there is one checkpoint at a time, ' +
      'whatever `execution.checkpointing.max-concurrent-checkpoints` says. Savepoints are not held back.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  MAX_CONCURRENT_CHECKPOINTS: {
    key: 'execution.checkpointing.max-concurrent-checkpoints',
    section: 'Checkpoints',
    type: integer({ min: 1, max: 100, example: 1 }),
    defaultValue: 1,
    description: 'How many checkpoints may be under way at the same time. Savepoints do not count.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  TOLERABLE_FAILED_CHECKPOINTS: {
    key: 'execution.checkpointing.tolerable-failed-checkpoints',
    section: 'Checkpoints',
    type: integer({ min: 0, max: 2 ** 31 - 1, example: 3 }),
    defaultValue: 0,
    description:
      'How many checkpoints may fail one after the other. One more and the attempt fails; the restart strategy decides what ' +
      'follows. Savepoints do not count.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  CHECKPOINT_RETENTION: {
    key: 'execution.checkpointing.externalized-checkpoint-retention',
    section: 'Checkpoints',
    type: enumeration('RETAIN_ON_CANCELLATION', 'DELETE_ON_CANCELLATION', 'NO_EXTERNALIZED_CHECKPOINTS'),
    defaultValue: 'NO_EXTERNALIZED_CHECKPOINTS',
    description:
      'Which checkpoints outlive the job. RETAIN_ON_CANCELLATION: those of a job that is canceled or fails. ' +
      'DELETE_ON_CANCELLATION: those of a job that fails. NO_EXTERNALIZED_CHECKPOINTS: none. A job that finishes leaves none, ' +
      'one whose process is killed leaves what it has. The first two need `execution.checkpointing.dir`.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  RETAINED_CHECKPOINTS: {
    key: 'execution.checkpointing.num-retained',
    section: 'Checkpoints',
    type: integer({ min: 1, max: 1_000, example: 3 }),
    defaultValue: 1,
    description: 'How many complete checkpoints are kept. An older one is removed once a newer one is complete.',
    deprecatedKeys: ['state.checkpoints.num-retained'],
    isFlinkKey: true,
  },
  CHECKPOINTS_AFTER_TASKS_FINISH: {
    key: 'execution.checkpointing.checkpoints-after-tasks-finish',
    section: 'Checkpoints',
    type: boolean,
    defaultValue: true,
    description: 'Whether checkpoints go on after some subtasks have finished.',
    deprecatedKeys: ['execution.checkpointing.checkpoints-after-tasks-finish.enabled'],
    isFlinkKey: true,
  },
  CHECKPOINT_DIRECTORY: {
    key: 'execution.checkpointing.dir',
    section: 'Checkpoints',
    type: path('./checkpoints'),
    defaultValue: undefined,
    description:
      'The directory of checkpoints, each in `<job id>/chk-<number>` below it. A relative one starts at the directory of the ' +
      'job file; `file:` URLs are fine. Unset: checkpoints are kept in memory, and end with the process.',
    deprecatedKeys: ['state.checkpoints.dir', 'state.backend.fs.checkpointdir'],
    isFlinkKey: true,
  },
  DATA_INLINE_THRESHOLD: {
    key: 'execution.checkpointing.data-inline-threshold',
    section: 'Checkpoints',
    type: memorySize({ max: 2 ** 20, example: '20 kb' }),
    defaultValue: 20 * 2 ** 10,
    description: 'State of a subtask up to this size goes into the metadata file instead of a file of its own.',
    deprecatedKeys: ['state.storage.fs.memory-threshold', 'state.backend.fs.memory-threshold'],
    isFlinkKey: true,
  },
  STATE_BACKEND: {
    key: 'state.backend.type',
    section: 'Checkpoints',
    type: soleWord('hashmap', 'the only state backend that there is'),
    defaultValue: 'hashmap',
    description: 'Where keyed state lives. hashmap: on the heap.',
    deprecatedKeys: ['state.backend'],
    isFlinkKey: true,
  },
  SAVEPOINT_DIRECTORY: {
    key: 'execution.checkpointing.savepoint-dir',
    section: 'Savepoints',
    type: path('./savepoints'),
    defaultValue: undefined,
    description:
      'The directory of savepoints that are asked for without one, each in `savepoint-<job id>-<digits>` below it. A relative ' +
      'one starts at the directory of the job file. Unset: a savepoint needs a directory.',
    deprecatedKeys: ['state.savepoints.dir', 'savepoints.state.backend.fs.dir'],
    isFlinkKey: true,
  },
}
