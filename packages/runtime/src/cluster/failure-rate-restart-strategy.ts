import type { RestartStrategy } from './restart-strategy.ts'

/** Restarts until there are more failures within an interval than are allowed. */
export class FailureRateRestartStrategy implements RestartStrategy {
  readonly description: string
  readonly #failuresMax: number
  readonly #intervalMs: number
  readonly #delayMs: number
  /** When the latest failures were, oldest first: one more than are allowed within the interval. */
  readonly #failuresMs: number[] = []

  constructor(settings: { readonly failuresMax: number; readonly intervalMs: number; readonly delayMs: number }) {
    const { failuresMax, intervalMs, delayMs } = settings
    this.#failuresMax = failuresMax
    this.#intervalMs = intervalMs
    this.#delayMs = delayMs
    this.description = `failure rate (failures ${failuresMax}, interval ${intervalMs} ms, delay ${delayMs} ms)`
  }

  onFailure(nowMs: number): number | undefined {
    this.#failuresMs.push(nowMs)
    if (this.#failuresMs.length <= this.#failuresMax) return this.#delayMs
    if (this.#failuresMs.length > this.#failuresMax + 1) this.#failuresMs.shift()
    return nowMs - this.#failuresMs[0]! > this.#intervalMs ? this.#delayMs : undefined
  }
}
