import { StateError } from './state-error.ts'

/** What starts the time to live of a value anew. `Disabled`: values live forever. */
export type TtlUpdateType = 'Disabled' | 'OnCreateAndWrite' | 'OnReadAndWrite'

/** Whether a value that has expired may still be read, as long as it is there. */
export type TtlStateVisibility = 'NeverReturnExpired' | 'ReturnExpiredIfNotCleanedUp'

/** How many entries are checked when a state is used, and whether they are for each record too. */
export interface TtlIncrementalCleanup {
  readonly cleanupSize: number
  readonly runCleanupForEveryRecord: boolean
}

/** The choices of a {@link StateTtlConfigBuilder}. */
export interface StateTtlConfigFields {
  readonly ttlMs: number
  readonly updateType: TtlUpdateType
  readonly stateVisibility: TtlStateVisibility
  readonly incrementalCleanup: TtlIncrementalCleanup | undefined
  readonly cleansFullSnapshot: boolean
}

const updateTypes = ['Disabled', 'OnCreateAndWrite', 'OnReadAndWrite'] as const satisfies readonly TtlUpdateType[]
const visibilities = [
  'NeverReturnExpired',
  'ReturnExpiredIfNotCleanedUp',
] as const satisfies readonly TtlStateVisibility[]

/** More entries than these at one access would be felt. */
const cleanupSizeMax = 10_000

/**
 * How long the values of a state live (org.apache.flink.api.common.state.StateTtlConfig). Each element of a list and each entry
 * of a map has a time of its own. Time is processing time.
 *
 * @example
 * const ttl = StateTtlConfig.newBuilder(60_000)
 *   .setUpdateType(StateTtlConfig.UpdateType.OnReadAndWrite)
 *   .setStateVisibility(StateTtlConfig.StateVisibility.NeverReturnExpired)
 *   .cleanupFullSnapshot()
 *   .build()
 * ttl.ttlMs // -> 60000
 */
export class StateTtlConfig implements StateTtlConfigFields {
  static readonly UpdateType: { readonly [T in TtlUpdateType]: T } = Object.freeze({
    Disabled: 'Disabled',
    OnCreateAndWrite: 'OnCreateAndWrite',
    OnReadAndWrite: 'OnReadAndWrite',
  })
  static readonly StateVisibility: { readonly [V in TtlStateVisibility]: V } = Object.freeze({
    NeverReturnExpired: 'NeverReturnExpired',
    ReturnExpiredIfNotCleanedUp: 'ReturnExpiredIfNotCleanedUp',
  })

  readonly ttlMs: number
  readonly updateType: TtlUpdateType
  readonly stateVisibility: TtlStateVisibility
  readonly incrementalCleanup: TtlIncrementalCleanup | undefined
  readonly cleansFullSnapshot: boolean

  /** Use {@link StateTtlConfig.newBuilder}. */
  constructor(fields: StateTtlConfigFields) {
    this.ttlMs = fields.ttlMs
    this.updateType = fields.updateType
    this.stateVisibility = fields.stateVisibility
    this.incrementalCleanup = fields.incrementalCleanup
    this.cleansFullSnapshot = fields.cleansFullSnapshot
    Object.freeze(this)
  }

  /**
   * Values live for `ttlMs` milliseconds. Unless told otherwise, that starts anew when they are written, expired ones are
   * never returned, and five entries are checked at each access. Throws StateError unless it is above 0.
   *
   * @example
   * StateTtlConfig.newBuilder(1000).build().updateType // -> 'OnCreateAndWrite'
   */
  static newBuilder(ttlMs: number): StateTtlConfigBuilder {
    return new StateTtlConfigBuilder(ttlMs)
  }
}

/**
 * Builds a {@link StateTtlConfig}, with Flink's names.
 *
 * @example
 * const config = new StateTtlConfigBuilder(1000).cleanupIncrementally(10, false).build()
 * config.incrementalCleanup // -> { cleanupSize: 10, runCleanupForEveryRecord: false }
 */
export class StateTtlConfigBuilder {
  readonly #ttlMs: number
  #updateType: TtlUpdateType = 'OnCreateAndWrite'
  #stateVisibility: TtlStateVisibility = 'NeverReturnExpired'
  #incrementalCleanup: TtlIncrementalCleanup | undefined = { cleanupSize: 5, runCleanupForEveryRecord: false }
  #cleansFullSnapshot = false

  constructor(ttlMs: number) {
    if (typeof ttlMs !== 'number' || !Number.isFinite(ttlMs) || ttlMs <= 0)
      throw invalid('a time to live', ttlMs, 'give milliseconds above 0')
    this.#ttlMs = ttlMs
  }

  /**
   * What starts the time to live anew.
   *
   * @example
   * new StateTtlConfigBuilder(1000).setUpdateType('OnReadAndWrite').build().updateType // -> 'OnReadAndWrite'
   */
  setUpdateType(updateType: TtlUpdateType): this {
    if (!updateTypes.includes(updateType)) throw invalid('an update type', updateType, `give ${updateTypes.join(', ')}`)
    this.#updateType = updateType
    return this
  }

  /**
   * The time to live starts anew with each write.
   *
   * @example
   * new StateTtlConfigBuilder(1000).updateTtlOnCreateAndWrite().build().updateType // -> 'OnCreateAndWrite'
   */
  updateTtlOnCreateAndWrite(): this {
    return this.setUpdateType('OnCreateAndWrite')
  }

  /**
   * The time to live starts anew with each write and each read.
   *
   * @example
   * new StateTtlConfigBuilder(1000).updateTtlOnReadAndWrite().build().updateType // -> 'OnReadAndWrite'
   */
  updateTtlOnReadAndWrite(): this {
    return this.setUpdateType('OnReadAndWrite')
  }

  /**
   * Whether a value that has expired may be read as long as it is there.
   *
   * @example
   * const config = new StateTtlConfigBuilder(1000).setStateVisibility('ReturnExpiredIfNotCleanedUp').build()
   * config.stateVisibility // -> 'ReturnExpiredIfNotCleanedUp'
   */
  setStateVisibility(stateVisibility: TtlStateVisibility): this {
    if (!visibilities.includes(stateVisibility))
      throw invalid('a visibility', stateVisibility, `give ${visibilities.join(' or ')}`)
    this.#stateVisibility = stateVisibility
    return this
  }

  /**
   * A value that has expired may be read as long as it is there.
   *
   * @example
   * const config = new StateTtlConfigBuilder(1000).returnExpiredIfNotCleanedUp().build()
   * config.stateVisibility // -> 'ReturnExpiredIfNotCleanedUp'
   */
  returnExpiredIfNotCleanedUp(): this {
    return this.setStateVisibility('ReturnExpiredIfNotCleanedUp')
  }

  /**
   * A value that has expired is never read.
   *
   * @example
   * new StateTtlConfigBuilder(1000).neverReturnExpired().build().stateVisibility // -> 'NeverReturnExpired'
   */
  neverReturnExpired(): this {
    return this.setStateVisibility('NeverReturnExpired')
  }

  /**
   * At each access to the state `cleanupSize` entries are checked; if wanted, also for each record that comes.
   *
   * @example
   * const config = new StateTtlConfigBuilder(1000).cleanupIncrementally(10, true).build()
   * config.incrementalCleanup // -> { cleanupSize: 10, runCleanupForEveryRecord: true }
   */
  cleanupIncrementally(cleanupSize: number, runCleanupForEveryRecord: boolean): this {
    if (!Number.isInteger(cleanupSize) || cleanupSize < 1 || cleanupSize > cleanupSizeMax)
      throw invalid('a cleanup size', cleanupSize, `give a whole number from 1 to ${cleanupSizeMax}`)
    this.#incrementalCleanup = { cleanupSize, runCleanupForEveryRecord }
    return this
  }

  /**
   * Expired values are left out of snapshots. What is in memory stays there.
   *
   * @example
   * new StateTtlConfigBuilder(1000).cleanupFullSnapshot().build().cleansFullSnapshot // -> true
   */
  cleanupFullSnapshot(): this {
    this.#cleansFullSnapshot = true
    return this
  }

  /**
   * Expired values leave memory only when they are read.
   *
   * @example
   * new StateTtlConfigBuilder(1000).disableCleanupInBackground().build().incrementalCleanup // -> undefined
   */
  disableCleanupInBackground(): this {
    this.#incrementalCleanup = undefined
    return this
  }

  /**
   * The configuration, which does not change any more.
   *
   * @example
   * new StateTtlConfigBuilder(1000).build().ttlMs // -> 1000
   */
  build(): StateTtlConfig {
    return new StateTtlConfig({
      ttlMs: this.#ttlMs,
      updateType: this.#updateType,
      stateVisibility: this.#stateVisibility,
      incrementalCleanup: this.#incrementalCleanup,
      cleansFullSnapshot: this.#cleansFullSnapshot,
    })
  }
}

function invalid(what: string, value: unknown, remedy: string): StateError {
  return new StateError('INVALID_DESCRIPTOR', `Cannot take ${String(value)} as ${what} of state: ${remedy}`, { value })
}
