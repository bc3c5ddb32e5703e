import type { KeyedStateBackend } from '../state/keyed-state-backend.ts'
import type { OperatorStates } from './generated-operator.ts'
import type { OnTimerContext, TimerService } from './keyed-process-function.ts'
import { OperatorProcessContext } from './process-context.ts'

/** The context of one keyed process operator: one for its records, another for its timers. */
export class OperatorKeyedProcessContext
  extends OperatorProcessContext
  implements OnTimerContext<unknown>, TimerService
{
  #keyed!: KeyedStateBackend
  /** Of the timer in hand. */
  timerTimestampMs: number | undefined

  override declareState({ keyed }: OperatorStates): void {
    this.#keyed = keyed!
  }

  override timestamp(): number | undefined {
    return this.timerTimestampMs
  }

  getCurrentKey(): unknown {
    return this.#keyed.currentKey()
  }

  timerService(): this {
    return this
  }

  registerProcessingTimeTimer(timestampMs: number): void {
    this.#keyed.processingTimeTimers.register(timestampMs)
  }

  deleteProcessingTimeTimer(timestampMs: number): void {
    this.#keyed.processingTimeTimers.delete(timestampMs)
  }
}
