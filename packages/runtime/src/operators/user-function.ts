import type { Collector, RichFunction } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { PausedIteration } from './paused-iteration.ts'

type LifeCycle = Pick<GeneratedOperator, 'open' | 'close' | 'endInput'>

/** The life cycle of a rich function; nothing for a plain one. */
export function lifeCycleOf(fn: unknown): LifeCycle {
  if (typeof fn !== 'object' || fn === null) return {}
  const rich = fn as RichFunction & { endInput?(out: Collector<unknown>): void | Iterable<unknown> }
  return {
    ...(rich.open && { open: (context) => rich.open?.(context) }),
    ...(rich.close && { close: () => rich.close?.() }),
    ...(rich.endInput && { endInput: (out) => rich.endInput?.(out) }),
  }
}

/**
 * The life cycle of a function that makes one record of one, so that nothing pauses it but a generator of its
 * `endInput`.
 */
export function simpleLifeCycleOf(fn: unknown): LifeCycle & Pick<GeneratedOperator, 'connect' | 'paused'> {
  const lifeCycle = lifeCycleOf(fn)
  if (lifeCycle.endInput === undefined) return lifeCycle
  const paused = new PausedIteration()
  return { ...lifeCycle, paused, connect: (outputs) => paused.connect(outputs) }
}

/** The text that calls `fn<i>`: itself if it is a function, else its method. */
export function callText(fn: unknown, index: number, method: string): string {
  return typeof fn === 'function' ? `fn${index}` : `fn${index}.${method}`
}

/** The text of an input whose function may return an iterable. `rest`: the arguments after the record. */
export function pausableInputText(i: number, name: string, call: string, rest: string): string {
  return `
function ${name}(value) {
  if (paused${i}.holding) { paused${i}.hold(${name}, value); return }
  let result
  try { result = ${call}(value, ${rest}) } catch (error) { fail(${i}, value, error) }
  if (result !== undefined) paused${i}.offer(result, value)
}`
}
