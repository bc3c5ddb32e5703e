import type { RestartStrategy } from './restart-strategy.ts'

/** The first failure of the job is its end. */
export class NoRestartStrategy implements RestartStrategy {
  readonly description: string = 'none'

  onFailure(): undefined {
    return undefined
  }
}
