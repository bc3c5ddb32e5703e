import type { CheckpointedFunction, CheckpointListener } from './checkpointed-function.ts'
import type { CurrentKey } from './current-key.ts'
import { FunctionContext } from './function-context.ts'
import type { EndInputFunction, RichFunction } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { initializationContextOf } from './initialization-context.ts'
import { PausedIteration } from './paused-iteration.ts'

/** The hooks of an operator that its function may take part in. */
type LifeCycle = Pick<
  GeneratedOperator,
  | 'declareState'
  | 'initializeState'
  | 'open'
  | 'close'
  | 'endInput'
  | 'snapshotState'
  | 'notifyCheckpointComplete'
  | 'notifyCheckpointAborted'
>

/** All that a function may have beside its own methods. */
type LifeCycleFunction = RichFunction & EndInputFunction<unknown> & Partial<CheckpointedFunction & CheckpointListener>

/** The life cycle of a rich function; nothing for a plain one. Outside of records no key is current. */
export function lifeCycleOf(fn: unknown, key: CurrentKey): LifeCycle {
  const states = key.declareState && { declareState: key.declareState }
  if (typeof fn !== 'object' || fn === null) return { ...states }
  const rich = fn as LifeCycleFunction
  return {
    ...states,
    ...(rich.initializeState && {
      initializeState: (context) => rich.initializeState?.(initializationContextOf(context)),
    }),
    ...(rich.open && { open: (context) => rich.open?.(new FunctionContext(context)) }),
    ...(rich.close && { close: () => rich.close?.() }),
    ...(rich.endInput && {
      endInput(out) {
        key.clear()
        return rich.endInput?.(out)
      },
    }),
    ...(rich.snapshotState && {
      snapshotState(checkpointId) {
        key.clear()
        return rich.snapshotState?.({ checkpointId })
      },
    }),
    ...(rich.notifyCheckpointComplete && {
      notifyCheckpointComplete: (checkpointId) => rich.notifyCheckpointComplete?.(checkpointId),
    }),
    ...(rich.notifyCheckpointAborted && {
      notifyCheckpointAborted: (checkpointId) => rich.notifyCheckpointAborted?.(checkpointId),
    }),
  }
}

/**
 * The life cycle of a function that makes one record of one, so that nothing pauses it but a generator of its
 * `endInput`.
 */
export function simpleLifeCycleOf(
  fn: unknown,
  key: CurrentKey,
): LifeCycle & Pick<GeneratedOperator, 'connect' | 'paused'> {
  const lifeCycle = lifeCycleOf(fn, key)
  if (lifeCycle.endInput === undefined) return lifeCycle
  const paused = new PausedIteration()
  return { ...lifeCycle, paused, connect: (outputs) => paused.connect(outputs) }
}

/** The text that calls `fn<i>`: itself if it is a function, else its method. */
export function callText(fn: unknown, index: number, method: string): string {
  return typeof fn === 'function' ? `fn${index}` : `fn${index}.${method}`
}

/** The text of an input whose function may return an iterable, which `call` keeps as `result`. */
export function pausableInputText(i: number, name: string, call: string): string {
  return `
function ${name}(value) {
  if (paused${i}.holding) { paused${i}.hold(${name}, value); return }
  let result
  try { ${call} } catch (error) { fail(${i}, value, error) }
  if (result !== undefined) paused${i}.offer(result, value)
}`
}
