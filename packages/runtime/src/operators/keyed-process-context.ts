import type { KeyedStateBackend } from '../state/keyed-state-backend.ts'
import type { OperatorStates } from './generated-operator.ts'
import type { OnTimerContext, TimerService } from './keyed-process-function.ts'
import { OperatorError } from './operator-error.ts'
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
    this.#keyed.processingTimeTimers.register(checkTimestamp(timestampMs))
  }

  deleteProcessingTimeTimer(timestampMs: number): void {
    this.#keyed.processingTimeTimers.delete(checkTimestamp(timestampMs))
  }
}

/** Timers are told apart by whole milliseconds; a fraction counts as the next one, so that none fires early. */
function checkTimestamp(timestampMs: unknown): number {
  if (typeof timestampMs === 'number' && Number.isFinite(timestampMs)) {
    const whole = Math.ceil(timestampMs)
    if (Number.isSafeInteger(whole)) return whole
  }
  throw new OperatorError(
    'INVALID_TIMER',
    `Cannot register or delete a timer at ${typeof timestampMs === 'bigint' ? `${timestampMs}n` : String(timestampMs)}: give milliseconds since the epoch, e.g. timerService().currentProcessingTime() + 1000`,
    { timestampMs },
  )
}
