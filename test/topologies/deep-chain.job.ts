import { type DataStream, defineJob } from '@millrace/runtime'
import type { Sink } from '@millrace/runtime/connector'
import { range } from './topology.ts'

const DEPTH = 12

/** Asks to wait after every third record. */
const waiting: Sink<number> = {
  createWriter() {
    let count = 0
    return { write: () => (++count % 3 === 0 ? new Promise<void>((resolve) => setImmediate(resolve)) : undefined) }
  },
}

/** One chain that branches again and again: into generators, sinks that wait, and the network. */
export default defineJob('deep-chain', (env) => {
  let stream: DataStream<number> = env.fromCollection(range(30))
  for (let i = 0; i < DEPTH; i++) {
    stream = stream.map((n) => n + 1).setParallelism(1)
    if (i % 8 === 0) stream.sinkTo(waiting).setParallelism(1)
  }
  const doubled = stream
    .flatMap(function* (n) {
      yield n
      yield -n
    })
    .setParallelism(1)
  doubled
    .flatMap(function* (n) {
      for (let i = 0; i < 20; i++) yield n * 100 + i
    })
    .setParallelism(1)
    .rebalance()
    .map((n) => ({ n, text: `padding for small segments ${n}` }))
    .collect('far')
  doubled
    .flatMap<number>((n, out) => {
      if (n < 0) out.collect(n)
    })
    .setParallelism(1)
    .collect('near')
    .setParallelism(1)
  doubled.sinkTo(waiting).setParallelism(1)
})

const numbers = range(30).map((n) => n + DEPTH)
export const expected = {
  far: {
    inAnyOrder: numbers
      .flatMap((n) => [n, -n])
      .flatMap((n) => range(20).map((i) => n * 100 + i))
      .map((n) => ({ n, text: `padding for small segments ${n}` })),
  },
  near: { inOrder: numbers.map((n) => -n) },
}
