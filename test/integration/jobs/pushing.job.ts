import { defineJob } from '@millrace/runtime'

/** Collects `args[0]` records for one input, without a generator. */
export default defineJob('pushing', (env, [count]) => {
  env
    .fromElements('go')
    .flatMap<string>((_, out) => {
      for (let i = 0; i < Number(count); i++) out.collect(`record ${i} ${'x'.repeat(100)}`)
    })
    .name('Push')
    .rebalance()
    .map((text) => text.length)
    .keyBy((length) => length)
    .reduce((a) => a)
    .uid('first')
    .filter(() => false)
    .print()
})
