import { isMainThread } from 'node:worker_threads'
import { DiscardSink } from '@millrace/connectors/discard'
import { defineJob, type RichMapFunction } from '@millrace/runtime'

class Unregistered {
  readonly x = 1
}

class FailsToOpen implements RichMapFunction<number, number> {
  async open() {
    await undefined
    throw new Error('no connection')
  }
  map(n: number) {
    return n
  }
}

/** Jobs that go wrong, one by name: `args[0]`. */
export default defineJob('misbehaving', (env, [what]) => {
  const numbers = env.fromSequence(1, 1_000).setParallelism(2)
  const failing = (fn: (n: number) => unknown) =>
    numbers.map(fn).name('Fails').setParallelism(2).rebalance().sinkTo(new DiscardSink())
  switch (what) {
    case 'throws':
      return failing((n) => {
        if (n === 57) throw new TypeError(`${n} is unlucky`, { cause: new Error('superstition') })
        return n
      })
    case 'throws-text':
      return failing((n) => {
        if (n === 57) throw 'just text'
        return n
      })
    case 'swallows':
      return numbers
        .flatMap<number>((n, out) => {
          try {
            out.collect(n)
          } catch {
            // A user's mistake: the failure downstream must not be lost.
          }
        })
        .map((n) => {
          if (n === 57) throw new Error('deeper')
          return n
        })
        .name('Fails')
        .sinkTo(new DiscardSink())
    case 'fails-to-open':
      return numbers.map(new FailsToOpen()).name('Fails').sinkTo(new DiscardSink())
    case 'promise':
      return failing((n) => JSON.parse(`${n}`) && (Promise.resolve(n) as unknown))
    case 'function':
      return failing((n) => ({ order: { items: [n, () => n] } }))
    case 'symbol':
      return failing((n) => ({ n, tag: Symbol('tag') }))
    case 'class':
      return failing((n) => ({ n, list: [new Unregistered()] }))
    case 'class-on-forward-edge':
      return numbers
        .map((n) => ({ n, list: [new Unregistered()] }))
        .name('Fails')
        .setParallelism(2)
        .map((record) => record.n)
        .setParallelism(2)
        .disableChaining()
        .sinkTo(new DiscardSink())
    case 'undefined-key':
      return numbers
        .map((n) => ({ n, key: n === 57 ? undefined : 'k' }))
        .name('Fails')
        .keyBy((record) => record.key)
        .reduce((a) => a)
        .sinkTo(new DiscardSink())
    case 'exits':
      return failing(() => process.exit(3))
    case 'rejects-outside':
      return failing((n) => {
        if (n === 57) setTimeout(() => Promise.reject(new Error('nobody caught me')), 0)
        return n
      })
    case 'mutates':
      return numbers
        .map((n) => ({ n, list: [n] }))
        .name('Emits')
        .setParallelism(2)
        .map((record) => {
          record.list.push(1)
          return record
        })
        .name('Fails')
        .setParallelism(2)
        .sinkTo(new DiscardSink())
    case 'impure':
      return numbers
        .map((n) => n)
        .name(isMainThread ? 'One' : 'Another')
        .sinkTo(new DiscardSink())
    default:
      throw new Error(`no such job: ${what}`)
  }
})
