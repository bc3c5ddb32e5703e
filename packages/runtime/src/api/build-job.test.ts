import { expect, test } from 'vitest'
import { Configuration } from '../configuration/configuration.ts'
import { MapStateDescriptor } from '../state/state-descriptor.ts'
import { WatermarkStrategy } from '../time/watermark-strategy.ts'
import { buildJob, type JobOptions } from './build-job.ts'
import { defineJob, isJobDefinition, type JobBuilder, type JobDefinition } from './job-definition.ts'
import type { StreamExecutionEnvironment } from './stream-execution-environment.ts'

test('defineJob makes a frozen definition that other copies of the runtime recognise', () => {
  const build: JobBuilder = () => {}
  const job = defineJob('copy', build)
  expect(Object.isFrozen(job)).toBe(true)
  expect(job).toMatchObject({ name: 'copy', build })
  expect(isJobDefinition({ [Symbol.for('millrace.job-definition')]: 1, name: 'copy', build })).toBe(true)
  expect([undefined, null, 'job', { name: 'copy', build }].map(isJobDefinition)).toEqual([false, false, false, false])
})

test('defineJob refuses a job without name or function', () => {
  expect(() => defineJob(' ', () => {})).toThrow(expect.objectContaining({ code: 'INVALID_JOB_NAME' }))
  expect(() => defineJob('no function', undefined as never)).toThrow(expect.objectContaining({ code: 'NOT_A_JOB' }))
})

test('buildJob refuses what defineJob did not make', () => {
  expect(() => buildJob({ name: 'job', build: () => {} } as unknown as JobDefinition)).toThrow(
    expect.objectContaining({ code: 'NOT_A_JOB', message: expect.stringContaining('an object of Object') }),
  )
})

test('buildJob gives the function frozen args', () => {
  const seen: unknown[] = []
  const given = ['--input', 'a.txt']
  const job = defineJob('args', (env, args) => {
    seen.push([...args], Object.isFrozen(args))
    env.fromElements(1).print()
  })
  buildJob(job, { args: given })
  buildJob(job)
  expect(seen).toEqual([['--input', 'a.txt'], true, [], true])
  expect(Object.isFrozen(given)).toBe(false)
})

test('buildJob tells why the function threw, and keeps the cause', () => {
  const cause = new Error('ENOENT: rules.json')
  const job = defineJob('throws', () => {
    throw cause
  })
  expect(() => buildJob(job)).toThrow(
    expect.objectContaining({
      code: 'BUILDER_THREW',
      message: expect.stringContaining('Cannot build job "throws": its function threw: ENOENT: rules.json'),
      cause,
    }),
  )
})

test('buildJob passes on errors that already say what to do', () => {
  const job = defineJob('misuse', (env) => {
    env.setParallelism(0)
  })
  expect(() => buildJob(job)).toThrow(expect.objectContaining({ name: 'ApiError', code: 'INVALID_PARALLELISM' }))
})

test('buildJob refuses a function that returns a promise, without leaving its rejection unhandled', () => {
  const job = defineJob('async', (async () => {
    throw new Error('later')
  }) as unknown as JobBuilder)
  expect(() => buildJob(job)).toThrow(expect.objectContaining({ code: 'BUILDER_IS_ASYNC' }))
})

test('buildJob refuses a job without operators, as Flink does, be there sources or not', () => {
  const nothing = defineJob('nothing', () => {})
  expect(() => buildJob(nothing)).toThrow(
    expect.objectContaining({ code: 'NO_OPERATORS', message: expect.stringContaining('call env.fromElements') }),
  )
  const onlySource = defineJob('only a source', (env) => {
    env.fromElements(1).rebalance()
  })
  expect(() => buildJob(onlySource)).toThrow(
    expect.objectContaining({ code: 'NO_OPERATORS', message: expect.stringContaining('sources are read by nobody') }),
  )
})

test('buildJob takes operators without a sink, as Flink does, in the order of calls', () => {
  const { transformations, warnings } = build((env) => {
    env.fromElements(0)
    const numbers = env.fromElements(1)
    numbers.map((n) => n)
    numbers.filter(() => true).print()
  })
  expect(transformations.map((each) => [each.id, 'settings' in each && each.settings.name])).toEqual([
    [3, 'Map'],
    [4, 'Filter'],
    [5, 'Print to Std. Out'],
  ])
  expect(warnings).toEqual([
    {
      code: 'UNUSED_SOURCE',
      message: 'Nothing reads "Collection Source": not part of the job',
      operators: ['Collection Source'],
    },
  ])
})

test('buildJob seals the job: who kept a stream cannot add to it', () => {
  let late: (() => void) | undefined
  build((env) => {
    const numbers = env.fromElements(1)
    numbers.print()
    late = () => numbers.map((n) => n)
  })
  expect(late).toThrow(expect.objectContaining({ code: 'TOPOLOGY_SEALED' }))
})

test('Parallelism: parallelism.default < env.setParallelism < -p', () => {
  const settings = (inCode: number | undefined, config: Record<string, number>, parallelism?: number) => {
    const configuration = Configuration.empty.with(config, 'command line')
    return build(
      (env) => {
        if (inCode !== undefined) env.setParallelism(inCode)
        env.fromElements(1).print()
      },
      { configuration, parallelism },
    ).settings.parallelism
  }
  expect(settings(undefined, {})).toBe(1)
  expect(settings(undefined, { 'parallelism.default': 2 })).toBe(2)
  expect(settings(3, { 'parallelism.default': 2 })).toBe(3)
  expect(settings(3, { 'parallelism.default': 2 }, 4)).toBe(4)
})

test('Other settings: defaults < millrace.yaml < code < -D', () => {
  const keys = { 'execution.buffer-timeout.interval': '5 ms', 'pipeline.max-parallelism': 16 }
  const settings = (configuration: Configuration, inCode: boolean) =>
    build(
      (env) => {
        if (inCode) env.setBufferTimeout(-1).setMaxParallelism(64).disableOperatorChaining()
        env.fromElements(1).print()
      },
      { configuration },
    ).settings
  const { empty } = Configuration
  const base = { jobName: 'test', parallelism: 1 }
  expect(settings(empty, false)).toEqual({ ...base, chaining: true, bufferTimeoutMs: 100 })
  expect(settings(empty.with(keys, 'file'), false)).toEqual({
    ...base,
    chaining: true,
    bufferTimeoutMs: 5,
    maxParallelism: 16,
  })
  expect(settings(empty.with(keys, 'file'), true)).toEqual({
    ...base,
    chaining: false,
    bufferTimeoutMs: -1,
    maxParallelism: 64,
  })
  expect(settings(empty.with(keys, 'command line'), true)).toEqual({
    ...base,
    chaining: false,
    bufferTimeoutMs: 5,
    maxParallelism: 16,
  })
})

test('pipeline.name renames the job', () => {
  const configuration = Configuration.empty.with({ 'pipeline.name': 'nightly' }, 'command line')
  expect(build((env) => void env.fromElements(1).print(), { configuration }).settings.jobName).toBe('nightly')
})

test('-p must be a count', () => {
  for (const parallelism of [0, -1, 1.5, 40_000, Number.NaN]) {
    expect(() => build((env) => void env.fromElements(1).print(), { parallelism })).toThrow(
      expect.objectContaining({ code: 'INVALID_PARALLELISM', facts: { value: parallelism } }),
    )
  }
})

test('-p that changes nothing gets a warning that names the operators that fix their parallelism', () => {
  const fixed = build(
    (env) => {
      env
        .fromSequence(1, 9)
        .setParallelism(2)
        .map((n) => n)
        .name('Work')
        .setParallelism(3)
        .print()
        .setParallelism(1)
    },
    { parallelism: 4 },
  )
  expect(fixed.warnings).toEqual([
    {
      code: 'PARALLELISM_HAS_NO_EFFECT',
      message:
        '-p 4 changes nothing, because every operator fixes its own parallelism: "Sequence Source" (2), "Work" (3), "Print to Std. Out" (1)',
      operators: ['Sequence Source', 'Work', 'Print to Std. Out'],
    },
  ])
  const free = build(
    (env) =>
      void env
        .fromElements(1)
        .map((n) => n)
        .setParallelism(3)
        .print(),
    { parallelism: 4 },
  )
  expect(free.warnings).toEqual([])
})

test('Stateful operators without a uid get one warning together', () => {
  const { warnings } = build((env) => {
    const keyed = env.fromElements({ user: 'ann', n: 1 }).keyBy((event) => event.user)
    keyed.sum('n').name('Sum').print()
    keyed.max('n').uid('max').print()
    keyed.reduce((_, b) => b).print()
  })
  expect(warnings).toEqual([
    {
      code: 'STATEFUL_WITHOUT_UID',
      message: `Stateful without .uid('...'): "Sum", "Keyed Reduce"; once the job changes, savepoints may not fit`,
      operators: ['Sum', 'Keyed Reduce'],
    },
  ])
})

test('Functions, sinks and sources count as stateful if they can have state', () => {
  const open = () => {}
  const stateful = (job: (env: StreamExecutionEnvironment) => void) => {
    const { warnings } = build((env) => {
      // A plain function on a keyed stream keeps nothing, nor does a rich one without a key.
      const keyed = env.fromElements(1).keyBy(String)
      keyed.map((n) => n).print()
      keyed.process(() => []).print()
      env.fromElements(1).map({ open, map: String }).print()
      job(env)
    })
    return warnings.flatMap(({ operators }) => operators)
  }
  const rules = new MapStateDescriptor('rules')
  expect(stateful(() => {})).toEqual([])
  expect(
    stateful((env) => {
      const keyed = env.fromElements(1).keyBy(String)
      keyed.map({ open, map: String }).print()
      keyed.process({ processElement: () => [], onTimer: () => [] }).print()
      keyed
        .connect(keyed)
        .flatMap({ open, flatMap1: () => [], flatMap2: () => [] })
        .print()
      env
        .fromElements(1)
        .filter({ filter: Boolean, initializeState() {}, snapshotState() {} } as never)
        .print()
      env
        .fromElements(1)
        .connect(env.fromElements(2).broadcast(rules))
        .process({ processElement: () => [], processBroadcastElement: () => [] })
        .sinkTo({ createWriter: () => ({ write() {} }), createCommitter: () => ({ commit() {} }) })
    }),
  ).toEqual(['Map', 'KeyedProcess', 'Co-Flat Map', 'Filter', 'Co-Process-Broadcast', 'Sink'])
  const endless = {
    createEnumerator() {},
    createReader() {},
    restoreEnumerator() {},
    boundedness: 'continuous-unbounded',
  }
  const source = (env: StreamExecutionEnvironment) =>
    env.fromSource(endless as never, WatermarkStrategy.noWatermarks(), 'Endless').print()
  expect(stateful(source)).toEqual(['Endless'])
  // Bounded sources count only where there are checkpoints.
  expect(stateful((env) => void env.enableCheckpointing(1_000))).toEqual(
    Array.from({ length: 2 }, () => 'Collection Source'),
  )
})

test('The warning about missing uids stays one short line, however many operators there are', () => {
  const { warnings } = build((env) => {
    const keyed = env.fromElements({ user: 'ann', n: 1 }).keyBy((event) => event.user)
    for (const name of ['a', 'b', 'c', 'd', 'e']) keyed.sum('n').name(name).print()
  })
  expect(warnings.map(({ message }) => message)).toEqual([
    `Stateful without .uid('...'): "a", "b", "c", and 2 more; once the job changes, savepoints may not fit`,
  ])
})

test('Warnings of the configuration are passed on', () => {
  const configuration = Configuration.empty.with({ 'execution.buffer-timeout': '5 ms' }, 'command line')
  const { warnings } = build((env) => void env.fromElements(1).print(), { configuration })
  expect(warnings.map(({ code, message }) => [code, message])).toEqual([
    ['CONFIGURATION', configuration.warnings[0]?.message],
  ])
})

function build(builder: JobBuilder, options: JobOptions = {}) {
  return buildJob(defineJob('test', builder), options)
}
