import type { Clock } from '../base/clock.ts'
import type { StateTtlConfig } from './state-ttl-config.ts'

/** A configured time to live together with the clock that it is measured by. */
export class StateTtl {
  readonly #clock: Clock
  readonly #ttlMs: number
  readonly touchesOnRead: boolean
  readonly returnsExpired: boolean
  readonly cleansFullSnapshot: boolean
  /** Entries to check at each access; 0 for none. */
  readonly cleanupSize: number
  readonly cleansForEveryRecord: boolean

  private constructor(config: StateTtlConfig, clock: Clock) {
    this.#clock = clock
    this.#ttlMs = config.ttlMs
    this.touchesOnRead = config.updateType === 'OnReadAndWrite'
    this.returnsExpired = config.stateVisibility === 'ReturnExpiredIfNotCleanedUp'
    this.cleansFullSnapshot = config.cleansFullSnapshot
    this.cleanupSize = config.incrementalCleanup?.cleanupSize ?? 0
    this.cleansForEveryRecord = config.incrementalCleanup?.runCleanupForEveryRecord ?? false
  }

  /** Undefined if values live forever. */
  static of(config: StateTtlConfig | undefined, clock: Clock): StateTtl | undefined {
    return config === undefined || config.updateType === 'Disabled' ? undefined : new StateTtl(config, clock)
  }

  nowMs(): number {
    return this.#clock.now()
  }

  /** Whether what was last used then has expired by `nowMs`. The last millisecond is part of the expired time, as in Flink. */
  isExpired(lastUsedMs: number, nowMs: number): boolean {
    return lastUsedMs + this.#ttlMs <= nowMs
  }
}
