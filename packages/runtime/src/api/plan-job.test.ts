import { expect, test } from 'vitest'
import { OutputTag } from '../operators/output-tag.ts'
import { Types } from '../record/types.ts'
import { WatermarkStrategy } from '../time/watermark-strategy.ts'
import { defineJob, type JobBuilder } from './job-definition.ts'
import { planJob } from './plan-job.ts'
import { reinterpretAsKeyedStream } from './reinterpret-as-keyed-stream.ts'

test('planJob gives the same fingerprint for the same definition and options, another one for others', () => {
  const job = defineJob('same', (env, args) => {
    const names = env.fromSequence(1, 10).map((n) => n)
    for (const name of args)
      names
        .filter(() => true)
        .name(name)
        .print()
  })
  const fingerprint = (...options: Parameters<typeof planJob>[1][]) =>
    options.map((each) => planJob(job, each).plan.jobGraph.fingerprint)
  const [first, again, otherArgs, otherParallelism] = fingerprint(
    { args: ['a', 'b'] },
    { args: ['a', 'b'] },
    { args: ['a', 'c'] },
    { args: ['a', 'b'], parallelism: 2 },
  )
  expect(again).toBe(first)
  expect(new Set([first, otherArgs, otherParallelism]).size).toBe(3)
})

test('Operators have the names that Flink gives them', () => {
  const tag = new OutputTag<number>('side')
  const { jobGraph } = plan((env) => {
    env.disableOperatorChaining()
    const source = env.fromElements(1)
    const process = source
      .map((n) => n)
      .flatMap((n) => [n])
      .filter(() => true)
      .process<number>(() => {})
    process.getSideOutput(tag).assignTimestampsAndWatermarks(WatermarkStrategy.noWatermarks()).print()
    const pairs = process.map((n): [string, number] => [`${n}`, n]).name('Pair')
    const keyed = pairs.keyBy(([word]) => word)
    keyed.reduce((_, b) => b)
    keyed.sum(1)
    const both = env.fromSequence(1, 2).connect(env.fromAsyncIterable(() => ['a']))
    both.map({ map1: (n) => n, map2: (text) => text }).collect('both')
    both.flatMap({ flatMap1: (n) => [n], flatMap2: () => [] })
    both.process<number>({ processElement1: () => {}, processElement2: () => {} })
  })
  expect(jobGraph.vertices.map(({ name }) => name).toSorted()).toEqual([
    'Co-Flat Map',
    'Co-Map',
    'Co-Process',
    'Collect both: Writer',
    'Filter',
    'Flat Map',
    'Keyed Aggregation',
    'Keyed Reduce',
    'Map',
    'Pair',
    'Print to Std. Out: Writer',
    'Process',
    'Source: Async Iterable Source',
    'Source: Collection Source',
    'Source: Sequence Source',
    'Timestamps/Watermarks',
  ])
})

test('Partitioning methods make the edges they are named after', () => {
  const { jobGraph } = plan((env) => {
    env.setParallelism(2).disableOperatorChaining()
    let stream = env.fromSequence(1, 2).map((n) => n)
    stream = stream.rebalance().map((n) => n)
    stream = stream.rescale().map((n) => n)
    stream = stream.shuffle().map((n) => n)
    stream = stream.global().map((n) => n)
    stream = stream.broadcast().map((n) => n)
    stream = stream.forward().map((n) => n)
    stream = stream
      .partitionCustom(
        (n: number, count) => n % count,
        (n) => n,
      )
      .map((n) => n)
    stream.keyBy((n) => n).map((n) => n)
  })
  expect(jobGraph.edges.map(({ ship }) => ship)).toEqual([
    'FORWARD',
    'REBALANCE',
    'RESCALE',
    'SHUFFLE',
    'GLOBAL',
    'BROADCAST',
    'FORWARD',
    'CUSTOM',
    'HASH',
  ])
})

test('An operator that reads two keyed streams is keyed, one that reads a keyed and another one is not', () => {
  const { jobGraph } = plan((env) => {
    const first = env.fromElements(1)
    const second = env.fromElements('1')
    const toText = () => ({ map1: String, map2: String })
    first.keyBy(String).connect(second.keyBy(String)).map(toText()).name('both')
    first.keyBy(String).connect(second).map(toText()).name('one')
    first.connect(second).keyBy(String, String).map(toText()).name('by connected streams')
  })
  const keyed = jobGraph.vertices.flatMap(({ operators }) => operators.filter((each) => each.keyed))
  expect(keyed.map(({ name }) => name).toSorted()).toEqual(['both', 'by connected streams'])
})

test('A stream reinterpreted as keyed is chained to the operator before', () => {
  const { jobGraph } = plan((env) => {
    const sums = env
      .fromElements({ k: 'a', n: 1 })
      .keyBy(({ k }) => k)
      .sum('n')
    reinterpretAsKeyedStream(sums, ({ k }) => k).max('n')
  })
  expect(jobGraph.vertices.map(({ name }) => name)).toEqual([
    'Source: Collection Source',
    'Keyed Aggregation -> Keyed Aggregation',
  ])
})

test('returns(type) and the type of a tag reach the edges; disableGenericTypes asks for one on every edge', () => {
  const declared = plan((env) => {
    env.disableGenericTypes()
    env
      .fromElements({ n: 1 })
      .returns(Types.row({ n: Types.INT }))
      .rebalance()
      .process<number>(() => {})
      .getSideOutput(new OutputTag('texts', Types.STRING))
      .rebalance()
      .print()
  })
  expect(declared.edges.map(({ recordType }) => recordType?.kind)).toEqual(['row', 'string'])
  expect(() =>
    plan((env) => {
      env.disableGenericTypes()
      env
        .fromElements(1)
        .name('Ones')
        .rebalance()
        .map((n) => n)
        .name('Maps')
        .rebalance()
        .print()
    }),
  ).toThrow(
    expect.objectContaining({
      code: 'GENERIC_TYPES_DISABLED',
      facts: { jobName: 'test', operators: ['Source: Ones', 'Maps'] },
    }),
  )
})

test('transform adds any operator, with the options of the generic form', () => {
  const { jobGraph } = plan((env) => {
    env.setParallelism(4)
    const source = env.fromSequence(1, 9)
    source.keyBy((n) => n).transform('Keyed', { kind: 'identity' }, { keyed: true })
    source.transform('Alone', { kind: 'identity' }, { nonParallel: true })
    source.connect(source).transform('Two', { kind: 'identity' })
  })
  const operators = jobGraph.vertices.flatMap((vertex) => vertex.operators)
  expect(
    operators
      .map(({ name, keyed, parallelism }) => [name, keyed, parallelism])
      .toSorted((a, b) => (a[0]! < b[0]! ? -1 : 1)),
  ).toEqual([
    ['Alone', false, 1],
    ['Keyed', true, 4],
    ['Source: Sequence Source', false, 4],
    ['Two', false, 4],
  ])
})

test('A source or sink that cannot be parallel stays so, whatever the job has', () => {
  const { jobGraph } = plan((env) => {
    env.setParallelism(4)
    env.fromElements(1).sinkTo({ parallelismMax: 1, createWriter: () => ({ write: () => {} }) })
  })
  expect(jobGraph.vertices.map(({ parallelism }) => parallelism)).toEqual([1])
})

function plan(builder: JobBuilder) {
  return planJob(defineJob('test', builder)).plan
}

test('The max parallelism of state that a job starts from reaches the graph, and its fingerprint', () => {
  const job = defineJob('counts', (env) => {
    env
      .fromSequence(1, 4)
      .keyBy((n) => n)
      .reduce((a, b) => a + b)
      .uid('sums')
      .print()
  })
  const first = planJob(job).plan.jobGraph
  const sums = first.vertices[1]!.operators[0]!.id
  const restored = planJob(job, { maxParallelisms: { [sums]: 96 } }).plan.jobGraph
  expect(restored.vertices.map(({ maxParallelism }) => maxParallelism)).toEqual([128, 96])
  expect(restored.fingerprint).not.toBe(first.fingerprint)
})
