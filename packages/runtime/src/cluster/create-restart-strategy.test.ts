import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../base/random.ts'
import { Configuration, type ConfigurationEntries } from '../configuration/configuration.ts'
import { createRestartStrategy } from './create-restart-strategy.ts'

const strategy = (entries: ConfigurationEntries, checkpointingEnabled = false) =>
  createRestartStrategy(Configuration.empty.with(entries, 'file'), {
    checkpointingEnabled,
    random: new SeededRandom(1),
  })

/** What follows failures at these times. */
const delays = (entries: ConfigurationEntries, failuresMs: readonly number[]) => {
  const created = strategy(entries)
  return failuresMs.map((nowMs) => created.onFailure(nowMs))
}

describe('createRestartStrategy', () => {
  test('without a setting: exponential delay if there are checkpoints, else none', () => {
    expect(strategy({}).description).toBe('none')
    expect(strategy({}, true).description).toBe(
      'exponential delay (initial 1000 ms, max 60000 ms, multiplier 1.5, reset after 3600000 ms, jitter 0.1, attempts 2147483647)',
    )
  })

  test.each(['none', 'off', 'disable', 'NONE'])('%s: the first failure is the end, with checkpoints, too', (type) => {
    const created = strategy({ 'restart-strategy.type': type }, true)
    expect([created.description, created.onFailure(0)]).toEqual(['none', undefined])
  })

  test('refuses a first delay above the longest', () => {
    const entries = {
      'restart-strategy.type': 'exponential-delay',
      'restart-strategy.exponential-delay.initial-backoff': '2 min',
    }
    expect(() => strategy(entries)).toThrow(
      'restart-strategy.exponential-delay.initial-backoff is 2 min, but restart-strategy.exponential-delay.max-backoff is 1 min',
    )
  })
})

describe('fixed delay', () => {
  test('has one attempt after a second, unless told otherwise', () => {
    expect(strategy({ 'restart-strategy.type': 'fixed-delay' }).description).toBe(
      'fixed delay (attempts 1, delay 1000 ms)',
    )
    expect(delays({ 'restart-strategy.type': 'fixed-delay' }, [0, 1e9])).toEqual([1_000, undefined])
  })

  test('restarts as often as it is told, however far apart the failures are', () => {
    const entries = {
      'restart-strategy.type': 'fixeddelay',
      'restart-strategy.fixed-delay.attempts': 3,
      'restart-strategy.fixed-delay.delay': '10 ms',
    }
    expect(delays(entries, [0, 0, 1e9, 2e9, 3e9])).toEqual([10, 10, 10, undefined, undefined])
    expect(delays({ ...entries, 'restart-strategy.fixed-delay.attempts': 0 }, [0])).toEqual([undefined])
  })
})

describe('failure rate', () => {
  const entries = {
    'restart-strategy.type': 'failure-rate',
    'restart-strategy.failure-rate.max-failures-per-interval': 2,
    'restart-strategy.failure-rate.failure-rate-interval': '100 ms',
    'restart-strategy.failure-rate.delay': '5 ms',
  }

  test('tolerates one failure a minute, unless told otherwise', () => {
    const created = strategy({ 'restart-strategy.type': 'failure-rate' })
    expect(created.description).toBe('failure rate (failures 1, interval 60000 ms, delay 1000 ms)')
    expect([0, 60_001, 120_001].map((nowMs) => created.onFailure(nowMs))).toEqual([1_000, 1_000, undefined])
  })

  test('ends with one failure more than are allowed within the interval, both ends included', () => {
    expect(delays(entries, [0, 50, 100])).toEqual([5, 5, undefined])
    expect(delays(entries, [0, 50, 101])).toEqual([5, 5, 5])
    expect(delays(entries, [0, 50, 101, 151, 152])).toEqual([5, 5, 5, 5, undefined])
  })
})

describe('exponential delay', () => {
  const entries = {
    'restart-strategy.type': 'exponential-delay',
    'restart-strategy.exponential-delay.initial-backoff': '100 ms',
    'restart-strategy.exponential-delay.max-backoff': '1 s',
    'restart-strategy.exponential-delay.backoff-multiplier': 2,
    'restart-strategy.exponential-delay.reset-backoff-threshold': '10 s',
    'restart-strategy.exponential-delay.jitter-factor': 0,
  }

  test('waits longer each time, up to the longest delay', () => {
    expect(delays(entries, [0, 200, 500, 1_000, 2_000, 4_000, 6_000])).toEqual([
      100, 200, 400, 800, 1_000, 1_000, 1_000,
    ])
  })

  test('begins again after it ran long enough from the restart on', () => {
    // The second attempt starts at 400.
    expect(delays(entries, [0, 200, 10_399])).toEqual([100, 200, 400])
    expect(delays(entries, [0, 200, 10_400])).toEqual([100, 200, 100])
  })

  test('counts failures before the restart as one: the restart is not put off', () => {
    expect(delays(entries, [0, 30, 100, 101])).toEqual([100, 70, 0, 200])
  })

  test('gives up after so many attempts, which begin again with the delay', () => {
    const limited = { ...entries, 'restart-strategy.exponential-delay.attempts-before-reset-backoff': 2 }
    expect(delays(limited, [0, 200, 500])).toEqual([100, 200, undefined])
    expect(delays(limited, [0, 200, 20_000, 21_000, 22_000])).toEqual([100, 200, 100, 200, undefined])
  })

  test('the jitter stays within its share of the delay, and both within the bounds, however many failures', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 3_000 }),
        (seed, jitter, failures) => {
          const created = createRestartStrategy(
            Configuration.empty.with(
              { ...entries, 'restart-strategy.exponential-delay.jitter-factor': jitter },
              'file',
            ),
            { checkpointingEnabled: true, random: new SeededRandom(seed) },
          )
          let nowMs = 0
          for (let n = 0; n < failures; n++) {
            const delayMs = created.onFailure(nowMs)!
            const backoffMs = Math.min(100 * 2 ** n, 2 ** 51)
            expect(Number.isInteger(delayMs)).toBe(true)
            expect(delayMs).toBeGreaterThanOrEqual(Math.max(100, Math.min(1_000, Math.floor(backoffMs * (1 - jitter)))))
            expect(delayMs).toBeLessThanOrEqual(Math.min(1_000, Math.ceil(backoffMs * (1 + jitter))))
            nowMs += delayMs + 1
          }
        },
      ),
      { numRuns: 50, examples: [[1, 0.1, 1_200]] },
    )
  })
})
