import type { Clock } from '../base/clock.ts'
import type { OperatorContext } from '../operators/generated-operator.ts'
import { NO_RECORD, OperatorFailure } from '../operators/operator-failure.ts'
import type { Chain } from './chain.ts'
import type { SourceTask } from './source-task.ts'

/**
 * How long a call of user code that is under way (a write, a flush, an open) may hold up `close`, which otherwise never
 * overlaps with it. Below the time after which the coordinator ends the thread.
 */
const UNDER_WAY_MAX_MS = 1_000

/**
 * Waits for what is under way, ends paused generators, then closes the source and every operator that was opened, head
 * first; the first failure is thrown after the last.
 */
export async function closeChain(parts: {
  readonly chain: Chain
  readonly contexts: readonly OperatorContext[]
  readonly source: SourceTask | undefined
  readonly clock: Clock
  /** Operators from this position on are open. */
  readonly opened: number
  /** None of them rejects. */
  readonly underWay: readonly (Promise<void> | undefined)[]
}): Promise<void> {
  const { chain, contexts, source, opened } = parts
  let first: { readonly error: unknown } | undefined
  const attempt = async (close: () => void | Promise<void>, i: number) => {
    try {
      await close()
    } catch (error) {
      first ??= { error: new OperatorFailure(contexts[i]!.taskInfo.name, NO_RECORD, error) }
    }
  }
  chain.refuseRecords()
  await settled(parts.clock, [...parts.underWay, ...chain.operators.map((operator) => operator?.paused?.settled?.())])
  for (const [i, operator] of chain.operators.entries()) {
    if (operator?.paused?.abandon) await attempt(() => operator.paused?.abandon?.(), i)
  }
  if (source !== undefined) await attempt(() => source.close(), 0)
  for (let i = opened; i < chain.operators.length; i++) {
    const operator = chain.operators[i]
    if (operator?.close) await attempt(() => operator.close?.(), i)
  }
  if (first !== undefined) throw first.error
}

/** Not for ever: what user code does may never end. */
async function settled(clock: Clock, underWay: readonly (Promise<void> | undefined)[]): Promise<void> {
  const pending = underWay.filter((each) => each !== undefined)
  if (pending.length === 0) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.schedule(UNDER_WAY_MAX_MS, resolve)
  await Promise.race([Promise.all(pending), promise])
  cancel()
}
