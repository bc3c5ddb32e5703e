import {
  type Collector,
  defineJob,
  type RichFlatMapFunction,
  type RichMapFunction,
  type RuntimeContext,
} from '@millrace/runtime'
import { range } from './topology.ts'

class Counting implements RichMapFunction<number, string> {
  #name = 'not open'

  async open(context: RuntimeContext) {
    await undefined
    this.#name = `${context.taskInfo.name}/${context.taskInfo.parallelism}`
    context.metrics.counter('opened').inc()
  }

  map(n: number) {
    return `${this.#name} ${n}`
  }
}

class LastOfEach implements RichFlatMapFunction<string, string> {
  readonly #seen: string[] = []

  flatMap(text: string) {
    this.#seen.push(text)
  }

  endInput(out: Collector<string>) {
    for (const text of this.#seen.toSorted()) out.collect(`end ${text}`)
  }
}

class Announcing implements RichFlatMapFunction<string, string> {
  #count = 0

  flatMap(text: string, out: Collector<string>) {
    this.#count++
    out.collect(text)
  }

  *endInput() {
    yield `${this.#count} before me`
  }
}

export default defineJob('rich-functions', (env) => {
  env
    .fromSequence(1, 20)
    .setParallelism(1)
    .map(new Counting())
    .setParallelism(1)
    .name('Counting')
    .flatMap(new LastOfEach())
    .setParallelism(1)
    .flatMap(new Announcing())
    .setParallelism(1)
    .collect('texts')
    .setParallelism(1)
})

export const expected = {
  texts: {
    inOrder: [
      ...range(20)
        .map((n) => `end Counting/1 ${n + 1}`)
        .toSorted(),
      '20 before me',
    ],
  },
}
