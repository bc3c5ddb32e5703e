import { defineJob, type RichMapFunction } from '@millrace/runtime'

class Announces implements RichMapFunction<number, number> {
  async close() {
    await new Promise((resolve) => setTimeout(resolve, 20))
    console.log('closed in order')
  }
  map(n: number) {
    return n
  }
}

class NeverReturns implements RichMapFunction<number, number> {
  map(n: number) {
    if (n === 10) for (;;);
    return n
  }
}

/** Runs until it is canceled; with `stuck`, in a function that never returns; with `stuck-close`, in its close. */
export default defineJob('unending', (env, [how]) => {
  const numbers = env.fromSequence(0, Number.MAX_SAFE_INTEGER)
  if (how === 'stuck')
    numbers
      .map(new NeverReturns())
      .filter(() => false)
      .print()
  else if (how === 'stuck-close') {
    numbers
      .map({ map: (n: number) => n, close: () => new Promise<void>(() => {}) })
      .filter(() => false)
      .print()
  } else
    numbers
      .map(new Announces())
      .filter(() => false)
      .rebalance()
      .print()
})
