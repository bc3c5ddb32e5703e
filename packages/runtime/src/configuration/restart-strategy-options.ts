import type { ConfigurationOption } from './configuration-option.ts'
import { aliasedEnumeration, boundedDuration, decimal, fraction, integer } from './option-type.ts'

export type RestartStrategyType = 'none' | 'fixed-delay' | 'failure-rate' | 'exponential-delay'

const INTEGER_MAX = 2 ** 31 - 1

/** The part of the table that is about what follows a failure. */
export const RestartStrategyOptions: {
  readonly RESTART_STRATEGY: ConfigurationOption<RestartStrategyType | undefined>
  readonly FIXED_DELAY_ATTEMPTS: ConfigurationOption<number>
  readonly FIXED_DELAY: ConfigurationOption<number>
  readonly FAILURE_RATE_INTERVAL: ConfigurationOption<number>
  readonly FAILURE_RATE_MAX_FAILURES: ConfigurationOption<number>
  readonly FAILURE_RATE_DELAY: ConfigurationOption<number>
  readonly EXPONENTIAL_INITIAL_BACKOFF: ConfigurationOption<number>
  readonly EXPONENTIAL_MAX_BACKOFF: ConfigurationOption<number>
  readonly EXPONENTIAL_BACKOFF_MULTIPLIER: ConfigurationOption<number>
  readonly EXPONENTIAL_RESET_THRESHOLD: ConfigurationOption<number>
  readonly EXPONENTIAL_JITTER_FACTOR: ConfigurationOption<number>
  readonly EXPONENTIAL_ATTEMPTS: ConfigurationOption<number>
} = {
  RESTART_STRATEGY: {
    key: 'restart-strategy.type',
    section: 'Restarts',
    type: aliasedEnumeration({
      none: ['off', 'disable'],
      'fixed-delay': ['fixeddelay'],
      'failure-rate': ['failurerate'],
      'exponential-delay': ['exponentialdelay'],
    }),
    defaultValue: undefined,
    description:
      'What follows a failure. none (or off, disable): the job fails. The others start it anew from the newest checkpoint. ' +
      'Unset: exponential-delay if `execution.checkpointing.interval` is set, else none.',
    deprecatedKeys: ['restart-strategy'],
    isFlinkKey: true,
  },
  FIXED_DELAY_ATTEMPTS: {
    key: 'restart-strategy.fixed-delay.attempts',
    section: 'Restarts',
    type: integer({ min: 0, max: INTEGER_MAX, example: 3 }),
    defaultValue: 1,
    description: 'fixed-delay: how many times the job is started anew before it fails.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  FIXED_DELAY: {
    key: 'restart-strategy.fixed-delay.delay',
    section: 'Restarts',
    type: boundedDuration({ min: 0, example: '1 s' }),
    defaultValue: 1_000,
    description: 'fixed-delay: the time between a failure and the next attempt.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  FAILURE_RATE_INTERVAL: {
    key: 'restart-strategy.failure-rate.failure-rate-interval',
    section: 'Restarts',
    type: boundedDuration({ min: 1, example: '1 min' }),
    defaultValue: 60_000,
    description: 'failure-rate: the time over which failures are counted.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  FAILURE_RATE_MAX_FAILURES: {
    key: 'restart-strategy.failure-rate.max-failures-per-interval',
    section: 'Restarts',
    type: integer({ min: 1, max: 10_000, example: 3 }),
    defaultValue: 1,
    description:
      'failure-rate: how many failures within the interval are followed by a restart. One more and the job fails.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  FAILURE_RATE_DELAY: {
    key: 'restart-strategy.failure-rate.delay',
    section: 'Restarts',
    type: boundedDuration({ min: 0, example: '1 s' }),
    defaultValue: 1_000,
    description: 'failure-rate: the time between a failure and the next attempt.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  EXPONENTIAL_INITIAL_BACKOFF: {
    key: 'restart-strategy.exponential-delay.initial-backoff',
    section: 'Restarts',
    type: boundedDuration({ min: 1, example: '1 s' }),
    defaultValue: 1_000,
    description: 'exponential-delay: the time between the first failure and the next attempt.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  EXPONENTIAL_MAX_BACKOFF: {
    key: 'restart-strategy.exponential-delay.max-backoff',
    section: 'Restarts',
    type: boundedDuration({ min: 1, example: '1 min' }),
    defaultValue: 60_000,
    description: 'exponential-delay: the longest time between a failure and the next attempt.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  EXPONENTIAL_BACKOFF_MULTIPLIER: {
    key: 'restart-strategy.exponential-delay.backoff-multiplier',
    section: 'Restarts',
    type: decimal({ above: 1, example: 1.5 }),
    defaultValue: 1.5,
    description: 'exponential-delay: by how much each delay is longer than the one before, up to the longest.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  EXPONENTIAL_RESET_THRESHOLD: {
    key: 'restart-strategy.exponential-delay.reset-backoff-threshold',
    section: 'Restarts',
    type: boundedDuration({ min: 1, example: '1 h' }),
    defaultValue: 3_600_000,
    description: 'exponential-delay: after running so long without a failure, the job has the first delay again.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  EXPONENTIAL_JITTER_FACTOR: {
    key: 'restart-strategy.exponential-delay.jitter-factor',
    section: 'Restarts',
    type: fraction,
    defaultValue: 0.1,
    description:
      'exponential-delay: the share of the delay by which chance makes it longer or shorter, so that many jobs that fail ' +
      'together do not return together.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
  EXPONENTIAL_ATTEMPTS: {
    key: 'restart-strategy.exponential-delay.attempts-before-reset-backoff',
    section: 'Restarts',
    type: integer({ min: 1, max: INTEGER_MAX, example: 10 }),
    defaultValue: INTEGER_MAX,
    description:
      'exponential-delay: how many times the job is started anew before it fails; counted from the start again when the ' +
      'delay is. The default is as good as infinite.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
}
