import { defineJob } from '@millrace/runtime'
import type { Sink } from '@millrace/runtime/connector'
import { range } from './topology.ts'

/** An async source and a sink that asks to wait after every record. */
export default defineJob('async-edges', (env) => {
  const numbers = env.fromAsyncIterable(async function* ({ signal }) {
    for (let i = 0; i < 50 && !signal.aborted; i++) {
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
      yield i
    }
  })
  const slow: Sink<number> = {
    createWriter: () => ({ write: () => new Promise<void>((resolve) => setImmediate(resolve)) }),
  }
  numbers
    .flatMap<number>((n, out) => {
      for (let i = 0; i < 3; i++) out.collect(n)
    })
    .setParallelism(1)
    .sinkTo(slow)
    .setParallelism(1)
  numbers
    .rebalance()
    .map((n) => n * 2)
    .collect('doubled')
})

export const expected = { doubled: { inAnyOrder: range(50).map((n) => n * 2) } }
