import { type Collector, defineJob, OutputTag, type RichCoProcessFunction } from '@millrace/runtime'
import { range } from './topology.ts'

const seen = new OutputTag<string>('seen')

/** Keeps every rule, and applies all of them to what it has seen when its input ends: when they arrive is up to chance. */
class ApplyRules implements RichCoProcessFunction<number, number, string> {
  readonly #numbers: number[] = []
  readonly #rules: number[] = []

  processElement1(n: number) {
    this.#numbers.push(n)
  }

  processElement2(
    rule: number,
    context: Parameters<RichCoProcessFunction<number, number, string>['processElement2']>[1],
  ) {
    this.#rules.push(rule)
    context.output(seen, `rule ${rule}`)
  }

  endInput(out: Collector<string>) {
    for (const n of this.#numbers) for (const rule of this.#rules) if (n % rule === 0) out.collect(`${n}/${rule}`)
  }
}

export default defineJob('broadcast-connect', (env) => {
  const rules = env.fromElements(3, 5, 7)
  const applied = env
    .fromSequence(1, 60)
    .keyBy((n) => n % 11)
    .connect(rules.broadcast())
    .process<string>(new ApplyRules())
    .setParallelism(3)
  applied.collect('hits')
  applied
    .getSideOutput(seen)
    .keyBy((text) => text)
    .reduce((a) => a)
    .uid('seen')
    .collect('seen')
})

const numbers = range(60).map((n) => n + 1)
export const expected = {
  hits: { inAnyOrder: [3, 5, 7].flatMap((rule) => numbers.filter((n) => n % rule === 0).map((n) => `${n}/${rule}`)) },
  seen: { inAnyOrder: [3, 5, 7].flatMap((rule) => [1, 2, 3].map(() => `rule ${rule}`)) },
}
