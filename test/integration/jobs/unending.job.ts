import { defineJob, type RichMapFunction } from '@millrace/runtime'

/** Says on stderr that it is open, on stdout that it was closed; or nothing. */
class Announces implements RichMapFunction<number, number> {
  readonly #write: boolean
  constructor(announce: boolean) {
    this.#write = announce
  }
  open() {
    if (this.#write) process.stderr.write('open\n')
  }
  async close() {
    await new Promise((resolve) => setTimeout(resolve, 20))
    if (this.#write) process.stdout.write('closed in order\n')
  }
  map(n: number) {
    return n
  }
}

class NeverReturns extends Announces {
  override map(n: number) {
    if (n === 10) for (;;);
    return n
  }
}

/** Runs until it is canceled; with `stuck`, in a function that never returns; with `stuck-close`, in its close. */
export default defineJob('unending', (env, [how, announce]) => {
  const numbers = env.fromSequence(0, Number.MAX_SAFE_INTEGER)
  const isAnnounced = announce === 'announce'
  if (how === 'stuck')
    numbers
      .map(new NeverReturns(isAnnounced))
      .filter(() => false)
      .print()
  else if (how === 'stuck-close') {
    numbers
      .map({ map: (n: number) => n, close: () => new Promise<void>(() => {}) })
      .filter(() => false)
      .print()
  } else
    numbers
      .map(new Announces(isAnnounced))
      .filter(() => false)
      .rebalance()
      .print()
})
