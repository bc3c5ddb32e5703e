import { unreachable } from '../base/assert.ts'
import type { Random } from '../base/random.ts'
import type { Configuration } from '../configuration/configuration.ts'
import { ConfigurationError } from '../configuration/configuration-error.ts'
import { formatDurationMs } from '../configuration/duration.ts'
import { RestartStrategyOptions } from '../configuration/restart-strategy-options.ts'
import { ExponentialDelayRestartStrategy } from './exponential-delay-restart-strategy.ts'
import { FailureRateRestartStrategy } from './failure-rate-restart-strategy.ts'
import { FixedDelayRestartStrategy } from './fixed-delay-restart-strategy.ts'
import { NoRestartStrategy } from './no-restart-strategy.ts'
import type { RestartStrategy } from './restart-strategy.ts'

/**
 * The strategy that the configuration names; if it names none: exponential delay where there are checkpoints to restart from,
 * else none.
 *
 * @throws ConfigurationError if its settings contradict each other.
 */
export function createRestartStrategy(
  configuration: Configuration,
  parts: { readonly checkpointingEnabled: boolean; readonly random: Random },
): RestartStrategy {
  const byDefault = parts.checkpointingEnabled ? 'exponential-delay' : 'none'
  const type = configuration.get(RestartStrategyOptions.RESTART_STRATEGY) ?? byDefault
  switch (type) {
    case 'none':
      return new NoRestartStrategy()
    case 'fixed-delay':
      return new FixedDelayRestartStrategy({
        attemptsMax: configuration.get(RestartStrategyOptions.FIXED_DELAY_ATTEMPTS),
        delayMs: configuration.get(RestartStrategyOptions.FIXED_DELAY),
      })
    case 'failure-rate':
      return new FailureRateRestartStrategy({
        failuresMax: configuration.get(RestartStrategyOptions.FAILURE_RATE_MAX_FAILURES),
        intervalMs: configuration.get(RestartStrategyOptions.FAILURE_RATE_INTERVAL),
        delayMs: configuration.get(RestartStrategyOptions.FAILURE_RATE_DELAY),
      })
    case 'exponential-delay':
      return exponentialDelay(configuration, parts.random)
    default:
      return unreachable(type)
  }
}

function exponentialDelay(configuration: Configuration, random: Random): RestartStrategy {
  const { EXPONENTIAL_INITIAL_BACKOFF, EXPONENTIAL_MAX_BACKOFF } = RestartStrategyOptions
  const initialBackoffMs = configuration.get(EXPONENTIAL_INITIAL_BACKOFF)
  const maxBackoffMs = configuration.get(EXPONENTIAL_MAX_BACKOFF)
  if (initialBackoffMs > maxBackoffMs) {
    throw new ConfigurationError(
      'CONFLICTING_OPTIONS',
      `${EXPONENTIAL_INITIAL_BACKOFF.key} is ${formatDurationMs(initialBackoffMs)}, but ${EXPONENTIAL_MAX_BACKOFF.key} is ${formatDurationMs(maxBackoffMs)}`,
      { initialBackoffMs, maxBackoffMs },
    )
  }
  return new ExponentialDelayRestartStrategy(
    {
      initialBackoffMs,
      maxBackoffMs,
      backoffMultiplier: configuration.get(RestartStrategyOptions.EXPONENTIAL_BACKOFF_MULTIPLIER),
      resetThresholdMs: configuration.get(RestartStrategyOptions.EXPONENTIAL_RESET_THRESHOLD),
      jitterFactor: configuration.get(RestartStrategyOptions.EXPONENTIAL_JITTER_FACTOR),
      attemptsMax: configuration.get(RestartStrategyOptions.EXPONENTIAL_ATTEMPTS),
    },
    random,
  )
}
