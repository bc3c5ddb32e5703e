import type { RestartStrategy } from './restart-strategy.ts'

/** So many attempts after the first, each after the same delay. */
export class FixedDelayRestartStrategy implements RestartStrategy {
  readonly description: string
  readonly #attemptsMax: number
  readonly #delayMs: number
  #failures = 0

  constructor(settings: { readonly attemptsMax: number; readonly delayMs: number }) {
    this.#attemptsMax = settings.attemptsMax
    this.#delayMs = settings.delayMs
    this.description = `fixed delay (attempts ${settings.attemptsMax}, delay ${settings.delayMs} ms)`
  }

  onFailure(): number | undefined {
    this.#failures++
    return this.#failures <= this.#attemptsMax ? this.#delayMs : undefined
  }
}
