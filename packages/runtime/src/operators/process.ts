import { type CurrentKey, currentKeyOf } from './current-key.ts'
import type { KeySelector, ProcessFunction } from './functions.ts'
import type { GeneratedOperator, TimerWork } from './generated-operator.ts'
import { OperatorKeyedProcessContext } from './keyed-process-context.ts'
import type { KeyedProcessFunction } from './keyed-process-function.ts'
import { KeyedTimers, type WithTimers } from './keyed-timers.ts'
import { PausedIteration } from './paused-iteration.ts'
import { OperatorProcessContext } from './process-context.ts'
import { callText, lifeCycleOf, pausableInputText } from './user-function.ts'

/** As flat map, with side outputs and the time; on a keyed stream with the key and timers, too. */
export function generateProcess(
  i: number,
  fn: ProcessFunction<unknown, unknown> | KeyedProcessFunction<unknown, unknown, unknown>,
  keySelector: KeySelector<unknown, unknown> | undefined,
): GeneratedOperator {
  const key = currentKeyOf(i, [keySelector])
  const isKeyed = keySelector !== undefined
  const contexts = isKeyed
    ? { context: new OperatorKeyedProcessContext(), timers: new OperatorKeyedProcessContext() }
    : { context: new OperatorProcessContext() }
  const call = callText(fn, i, 'processElement')
  return {
    ...processParts(fn, key, contexts),
    text:
      key.declaration +
      pausableInputText(i, `input${i}`, `${key.set()}result = ${call}(value, context${i}, collector${i})`),
  }
}

/** What the functions of a process operator see. */
export interface ProcessContexts {
  readonly context: OperatorProcessContext
  /** For timers, where there are any. */
  readonly timers?: OperatorKeyedProcessContext
  /** For broadcast records, where there are any. */
  readonly broadcastContext?: OperatorProcessContext
}

/**
 * What process operators have in common, whatever inputs they have: the text sees `fn`, `paused`, `context` and
 * `broadcastContext`.
 */
export function processParts(
  fn: unknown,
  key: CurrentKey,
  { context, timers, broadcastContext }: ProcessContexts,
): Omit<GeneratedOperator, 'text'> {
  const paused = new PausedIteration()
  const contexts = [context, timers, broadcastContext].filter((each) => each !== undefined)
  const timerWork = timers && hasTimers(fn) ? new KeyedTimers(fn, timers, paused) : undefined
  const lifeCycle = lifeCycleOf(fn, key)
  return {
    ...lifeCycle,
    parameters: { fn, paused, context, broadcastContext, ...key.parameters },
    paused,
    ...(timerWork && { timers: timerWork satisfies TimerWork }),
    connect(outputs) {
      paused.connect(outputs)
      timerWork?.connect(outputs)
      for (const each of contexts) each.connect(outputs)
    },
    declareState(states) {
      lifeCycle.declareState?.(states)
      timerWork?.declareState(states)
      for (const each of contexts) each.declareState(states)
    },
    open(operatorContext) {
      for (const each of contexts) each.open(operatorContext)
      return lifeCycle.open?.(operatorContext)
    },
  }
}

/** Timers of a function that has no `onTimer` (any more) stay where they are. */
function hasTimers(fn: unknown): fn is WithTimers {
  return typeof fn === 'object' && fn !== null && 'onTimer' in fn && typeof fn.onTimer === 'function'
}
