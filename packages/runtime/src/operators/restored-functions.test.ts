// Functions that are stopped with a savepoint, and go on from it at another parallelism.
import { expect, test } from 'vitest'
import type { JobDefinition } from '../api/job-definition.ts'
import { defineJob } from '../api/job-definition.ts'
import type { MapState, OperatorListState, ValueState } from '../state/state.ts'
import { ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor } from '../state/state-descriptor.ts'
import { runInSimulation } from '../testing/run-in-simulation.ts'
import type {
  BroadcastContext,
  KeyedBroadcastProcessFunction,
  KeyedReadOnlyBroadcastContext,
} from './broadcast-process-function.ts'
import type { CheckpointedFunction, FunctionInitializationContext } from './checkpointed-function.ts'
import type { Collector, RichFlatMapFunction } from './functions.ts'
import type { RuntimeContext } from './runtime-context.ts'

const RECORDS = 3_000
const rules = new MapStateDescriptor<string, number>('rules')

/** Counts by key; and tells what it knows when all records of a key have come. */
class Counts implements KeyedBroadcastProcessFunction<number, number, string, string> {
  #count!: ValueState<number>
  #byRest!: MapState<number, number>

  open(context: RuntimeContext): void {
    this.#count = context.getState(new ValueStateDescriptor<number>('count'))
    this.#byRest = context.getMapState(new MapStateDescriptor<number, number>('by rest'))
  }

  processElement(n: number, context: KeyedReadOnlyBroadcastContext<number>, out: Collector<string>): void {
    processed++
    this.#count.update((this.#count.value() ?? 0) + 1)
    this.#byRest.put(n % 3, (this.#byRest.get(n % 3) ?? 0) + 1)
    if (this.#count.value() !== RECORDS / 10) return
    const rests = [0, 1, 2].map((rest) => this.#byRest.get(rest))
    const known = [...context.getBroadcastState(rules).entries()].length
    out.collect(`${context.getCurrentKey()}: ${this.#count.value()}, ${rests.join()}, ${known} rules`)
  }

  processBroadcastElement(rule: string, context: BroadcastContext): void {
    context.getBroadcastState(rules).put(rule, rule.length)
  }
}

/** Tells, at its end, how many records all its subtasks have seen in all runs. */
class Seen implements RichFlatMapFunction<number, number>, CheckpointedFunction {
  #seen = 0
  #kept!: OperatorListState<number>

  initializeState({ operatorStateStore }: FunctionInitializationContext): void {
    this.#kept = operatorStateStore.getListState(new ListStateDescriptor<number>('seen'))
    for (const seen of this.#kept.get()) this.#seen += seen
  }

  flatMap(): void {
    this.#seen++
  }

  snapshotState(): void {
    this.#kept.update([this.#seen])
  }

  endInput(out: Collector<number>): void {
    out.collect(this.#seen)
  }
}

/** Functions in simulation may tell the program. */
let processed = 0

const job: JobDefinition = defineJob('restored', (env) => {
  const numbers = env.fromSequence(1, RECORDS).uid('numbers').setBufferTimeout(0)
  const broadcast = env.fromElements('a', 'bb', 'ccc').uid('rules').setBufferTimeout(0).broadcast(rules)
  numbers
    .keyBy((n) => n % 10)
    .connect(broadcast)
    .process(new Counts())
    .uid('counts')
    .collect('counts')
  numbers.rebalance().flatMap(new Seen()).uid('seen').collect('seen')
})

test.each([
  [1, 2],
  [2, 3],
  [4, 1],
])('Functions go on where they were, from parallelism %i to %i', async (before, after) => {
  processed = 0
  let savepoint: Promise<string> | undefined
  const config = {
    'execution.checkpointing.savepoint-dir': '/savepoints',
    'execution.checkpointing.interval': '20 ms',
    'taskmanager.memory.segment-size': '4 kb',
    'taskmanager.network.memory.floating-buffers-per-gate': 1,
  }
  const first = await runInSimulation(job, {
    parallelism: before,
    config,
    seed: before * 10 + after,
    onStep({ job: running }) {
      if (processed > RECORDS / 4) savepoint ??= running.stopWithSavepoint()
    },
  })
  expect(first.collected('seen')).toEqual([])
  const path = (await savepoint) ?? ''
  const second = await runInSimulation(job, {
    parallelism: after,
    config,
    files: first.files,
    restore: { from: { path }, allowNonRestoredState: false, dropState: [], claimMode: 'NO_CLAIM' },
  })
  expect(processed).toBe(RECORDS)
  expect(second.collected<number>('seen').reduce((a, b) => a + b, 0)).toBe(RECORDS)
  const perKey = RECORDS / 10
  expect([...first.collected<string>('counts'), ...second.collected<string>('counts')].toSorted()).toEqual(
    Array.from({ length: 10 }, (_, key) => `${key}: ${perKey}, ${perKey / 3},${perKey / 3},${perKey / 3}, 3 rules`),
  )
})
