import { defineJob } from '@millrace/runtime'
import type { Sink } from '@millrace/runtime/connector'

const text = 'x'.repeat(100)

/** One millisecond a record, as a slow database would. */
const slow: Sink<{ n: number; text: string }> = {
  createWriter: () => ({
    write() {
      const until = performance.now() + 1
      while (performance.now() < until);
    },
  }),
}

/** A fast source before a slow sink; `args[0]` says what makes the records. */
export default defineJob('slow-sink', (env, [how]) => {
  const numbers = env.fromSequence(0, Number.MAX_SAFE_INTEGER)
  const records =
    how === 'generator'
      ? numbers.flatMap(function* (n) {
          for (let i = 0; i < 1_000_000; i++) yield { n: n + i, text }
        })
      : numbers.map((n) => ({ n, text }))
  records.name('Make').rebalance().sinkTo(slow)
})
