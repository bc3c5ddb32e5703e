import type { Collector, RichFunction } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'

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

/** The text that calls `fn<i>`: itself if it is a function, else its method. */
export function callText(fn: unknown, index: number, method: string): string {
  return typeof fn === 'function' ? `fn${index}` : `fn${index}.${method}`
}
