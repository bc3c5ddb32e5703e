import type { RecordWriter } from '../exchange/record-writer.ts'
import type { Resumed } from '../operators/generated-operator.ts'
import type { OutputAvailability } from '../record/segment-codec.ts'
import type { Chain } from './chain.ts'

/** Sends what waits for credit, then resumes what is paused in the chain, last operator first. `done`: input may come. */
export function resumeOutput(parts: {
  readonly writers: readonly RecordWriter<unknown>[]
  readonly chain: Chain
  readonly availability: OutputAvailability
}): Resumed {
  const { writers, chain, availability } = parts
  let drained = true
  for (const writer of writers) if (!writer.drain()) drained = false
  availability.stop = !drained
  if (!drained) return 'blocked'
  let result: Resumed = 'done'
  for (let i = chain.operators.length - 1; i >= 0; i--) {
    const resumed = chain.operators[i]?.paused?.resume() ?? 'done'
    if (resumed === 'progress' || (resumed === 'blocked' && result === 'done')) result = resumed
  }
  if (result !== 'done') availability.stop = true
  // What was paused is done but has used up the credit: the next visit drains again.
  return result === 'done' && availability.stop ? 'progress' : result
}
