// What users without types get, and what types cannot tell.
import { expect, test } from 'vitest'
import { Configuration } from '../configuration/configuration.ts'
import type { Sink } from '../connector/sink.ts'
import type { Source } from '../connector/source.ts'
import type { RichMapFunction } from '../operators/functions.ts'
import { MapStateDescriptor, ValueStateDescriptor } from '../state/state-descriptor.ts'
import type { ApiError } from './api-error.ts'
import { StreamExecutionEnvironment } from './stream-execution-environment.ts'

const untyped = (value: unknown) => value as never
const newEnvironment = () => new StreamExecutionEnvironment(Configuration.empty)

/** The error of `misuse`, and the place in this file it names as `here`. */
function errorOf(misuse: (env: StreamExecutionEnvironment) => unknown): Pick<ApiError, 'code' | 'message'> {
  try {
    misuse(newEnvironment())
  } catch (error) {
    const { code, message } = error as ApiError
    return { code, message: message.replaceAll(/\([^()]*misuse\.test\.ts:\d+\)/g, '(here)') }
  }
  throw new Error('No error')
}

class Increment implements RichMapFunction<number, number> {
  map(n: number): number {
    return n + 1
  }
}

test('Settings are checked at once, with the operator, its place, the value and a remedy', () => {
  const operator = (env: StreamExecutionEnvironment) => env.fromSequence(1, 2).map((n) => n)
  expect(errorOf((env) => operator(env).setParallelism(0))).toEqual({
    code: 'INVALID_PARALLELISM',
    message:
      'Cannot set the parallelism of operator "Map" (here) to 0: it must be an integer from 1 to 32768; leave the call out to take the job\'s',
  })
  expect(errorOf((env) => operator(env).setParallelism(untyped('4'))).message).toContain('to "4"')
  expect(errorOf((env) => env.setParallelism(1.5)).message).toContain('of the environment to 1.5')
  expect(errorOf((env) => operator(env).setMaxParallelism(40_000)).code).toBe('INVALID_MAX_PARALLELISM')
  expect(errorOf((env) => env.setMaxParallelism(0)).code).toBe('INVALID_MAX_PARALLELISM')
  expect(errorOf((env) => operator(env).setBufferTimeout(-2)).code).toBe('INVALID_BUFFER_TIMEOUT')
  expect(errorOf((env) => env.setBufferTimeout(0.5)).code).toBe('INVALID_BUFFER_TIMEOUT')
  expect(errorOf((env) => operator(env).name('')).code).toBe('INVALID_NAME')
  expect(errorOf((env) => operator(env).uid(untyped(7))).code).toBe('INVALID_UID')
  expect(errorOf((env) => operator(env).print().slotSharingGroup(' ')).code).toBe('INVALID_SLOT_SHARING_GROUP')
  expect(errorOf((env) => operator(env).returns(untyped('string'))).code).toBe('INVALID_TYPE')
})

test('A parallelism above the maximum is refused in either order of calls', () => {
  const operator = (env: StreamExecutionEnvironment) => env.fromSequence(1, 2).map((n) => n)
  const error = {
    code: 'PARALLELISM_ABOVE_MAXIMUM',
    message:
      'Cannot run operator "Map" (here) with parallelism 8: its max parallelism is 4; raise the one or lower the other',
  }
  expect(errorOf((env) => operator(env).setMaxParallelism(4).setParallelism(8))).toEqual(error)
  expect(errorOf((env) => operator(env).setParallelism(8).setMaxParallelism(4))).toEqual(error)
})

test('A collection cannot be read in parallel', () => {
  expect(errorOf((env) => env.fromElements(1).setParallelism(2))).toEqual({
    code: 'INVALID_PARALLELISM',
    message:
      'Cannot set the parallelism of operator "Collection Source" (here) to 2: it works with 1 at most; set 1, or put the parallel work into an operator after it',
  })
})

test('Functions are checked for what they are', () => {
  expect(errorOf((env) => env.fromElements(1).map(untyped('n')))).toEqual({
    code: 'NOT_A_FUNCTION',
    message: 'map() (here) needs a function, or an object with map(), but got "n"',
  })
  expect(errorOf((env) => env.fromElements(1).map(untyped({ filter: () => true })))).toEqual({
    code: 'NOT_A_FUNCTION',
    message: 'map() (here) needs a function, or an object with map(), but map is undefined',
  })
  expect(errorOf((env) => env.fromElements(1).map(untyped(Increment)))).toEqual({
    code: 'CLASS_INSTEAD_OF_INSTANCE',
    message: 'map() (here) got the class Increment: give it an instance, new Increment(...)',
  })
  expect(errorOf((env) => env.fromElements(1).filter(untyped(async () => true))).code).toBe('ASYNC_FUNCTION')
  expect(errorOf((env) => env.fromElements(1).process(untyped({ async processElement() {} }))).code).toBe(
    'ASYNC_FUNCTION',
  )
  expect(errorOf((env) => env.fromElements(1).keyBy(untyped('n'))).code).toBe('NOT_A_FUNCTION')
  expect(errorOf((env) => env.fromElements(1).keyBy(String).reduce(untyped(undefined))).code).toBe('NOT_A_FUNCTION')
  expect(
    errorOf((env) =>
      env
        .fromElements(1)
        .connect(env.fromElements(2))
        .map(untyped({ map1: String })),
    ),
  ).toEqual({
    code: 'NOT_A_FUNCTION',
    message: 'map() (here) needs an object with map1() and map2(), but map2 is undefined',
  })
  expect(errorOf((env) => env.fromAsyncIterable(untyped([]))).code).toBe('NOT_A_FUNCTION')
})

test('A rich function serves one operator, a plain one any number', () => {
  const shared = new Increment()
  const plain = (n: number) => n + 1
  expect(errorOf((env) => env.fromElements(1).map(shared).map(shared))).toEqual({
    code: 'FUNCTION_USED_TWICE',
    message: 'map() (here) got the same Increment instance as map() (here): give each operator an instance of its own',
  })
  newEnvironment().fromElements(1).map(plain).map(plain).map(new Increment()).map(new Increment())
})

test('Timers belong to keys, and wait for nothing', () => {
  const timed = () => ({ processElement: () => {}, onTimer: () => {} })
  expect(errorOf((env) => env.fromElements(1).process(untyped(timed())))).toEqual({
    code: 'TIMERS_WITHOUT_KEY',
    message:
      'process() (here) got a function with onTimer, but timers belong to keys: call keyBy before (with two inputs: on both)',
  })
  const twice = { processElement1: () => {}, processElement2: () => {}, onTimer: () => {} }
  expect(
    errorOf((env) => env.fromElements(1).keyBy(String).connect(env.fromElements(2)).process(untyped(twice))).code,
  ).toBe('TIMERS_WITHOUT_KEY')
  newEnvironment().fromElements('a').keyBy(String).process(timed())
  const waiting = { processElement: () => {}, async onTimer() {} }
  expect(errorOf((env) => env.fromElements(1).keyBy(String).process(untyped(waiting))).code).toBe('ASYNC_FUNCTION')
  const odd = { processElement: () => {}, onTimer: 5 }
  expect(errorOf((env) => env.fromElements(1).keyBy(String).process(untyped(odd))).code).toBe('NOT_A_FUNCTION')
})

test('Broadcast states are maps with names of their own, and their function has two methods', () => {
  const rules = new MapStateDescriptor('rules')
  expect(errorOf((env) => env.fromElements(1).broadcast(untyped('rules')))).toEqual({
    code: 'INVALID_DESCRIPTOR',
    message:
      'broadcast() (here) got "rules": give it descriptors of the broadcast states, each a new MapStateDescriptor(name, keyType, valueType), or nothing',
  })
  expect(errorOf((env) => env.fromElements(1).broadcast(untyped(new ValueStateDescriptor('a')))).code).toBe(
    'INVALID_DESCRIPTOR',
  )
  expect(errorOf((env) => env.fromElements(1).broadcast(rules, new MapStateDescriptor('rules'))).message).toContain(
    'two descriptors of the name "rules"',
  )
  const connected = (env: StreamExecutionEnvironment) =>
    env.fromElements(1).connect(env.fromElements(2).broadcast(rules))
  expect(errorOf((env) => connected(env).process(untyped({ processElement: () => {} })))).toEqual({
    code: 'NOT_A_FUNCTION',
    message:
      'process() (here) needs an object with processElement() and processBroadcastElement(), but processBroadcastElement is undefined',
  })
  expect(errorOf((env) => connected(env).process(untyped(() => {}))).code).toBe('NOT_A_FUNCTION')
  expect(errorOf((env) => env.fromElements(1).connect(newEnvironment().fromElements(2).broadcast(rules))).code).toBe(
    'STREAM_OF_OTHER_JOB',
  )
})

test('Checkpoints are set within bounds', () => {
  expect(errorOf((env) => env.enableCheckpointing(5))).toEqual({
    code: 'INVALID_CHECKPOINTING',
    message: 'setCheckpointInterval() (here) got 5: the interval in milliseconds is an integer from 10 to 2147483647',
  })
  expect(errorOf((env) => env.enableCheckpointing(1_000, untyped('exactly once'))).message).toContain(
    'the mode is EXACTLY_ONCE or AT_LEAST_ONCE',
  )
  const config = (env: StreamExecutionEnvironment) => env.getCheckpointConfig()
  expect(errorOf((env) => config(env).setMaxConcurrentCheckpoints(0)).code).toBe('INVALID_CHECKPOINTING')
  expect(errorOf((env) => config(env).setMinPauseBetweenCheckpoints(-1)).code).toBe('INVALID_CHECKPOINTING')
  expect(errorOf((env) => config(env).setTolerableCheckpointFailureNumber(1.5)).code).toBe('INVALID_CHECKPOINTING')
  expect(errorOf((env) => config(env).setExternalizedCheckpointRetention(untyped('KEEP'))).code).toBe(
    'INVALID_CHECKPOINTING',
  )
  expect(errorOf((env) => config(env).setCheckpointStorage('')).code).toBe('INVALID_CHECKPOINTING')
})

test('Sources, sinks and streams are checked for what they are', () => {
  const source = { createReader: () => {} } as unknown as Source<number>
  expect(errorOf((env) => env.fromSource(untyped({}), untyped(0), 'Numbers')).code).toBe('NOT_A_SOURCE')
  expect(errorOf((env) => env.fromSource(source, untyped(undefined), 'Numbers')).code).toBe(
    'INVALID_WATERMARK_STRATEGY',
  )
  expect(errorOf((env) => env.fromElements(1).sinkTo(untyped(console.log) as Sink<number>)).code).toBe('NOT_A_SINK')
  expect(errorOf((env) => env.fromCollection(untyped(3))).code).toBe('INVALID_STREAM')
  expect(errorOf((env) => env.fromElements(1).union(untyped([1]))).code).toBe('INVALID_STREAM')
  expect(errorOf((env) => env.fromElements(1).connect(newEnvironment().fromElements(2))).code).toBe(
    'STREAM_OF_OTHER_JOB',
  )
  expect(errorOf((env) => env.fromElements(1).keyBy(String).rebalance.call(untyped({}))).code).toBe(
    'ALREADY_PARTITIONED',
  )
  expect(errorOf((env) => env.fromElements([1]).keyBy(String).sum(untyped(-1))).code).toBe('INVALID_FIELD')
  expect(errorOf((env) => env.fromSequence(2, 1))).toEqual({
    code: 'INVALID_SEQUENCE',
    message:
      'Cannot make a sequence from 2 to 1 (fromSequence() (here)): give two safe integers, the smaller one first',
  })
  expect(errorOf((env) => env.fromSequence(0, 2 ** 53)).code).toBe('INVALID_SEQUENCE')
})

test('Collected streams have a name of their own and a sensible limit', () => {
  expect(errorOf((env) => [env.fromElements(1).collect('a'), env.fromElements(2).collect('a')]).code).toBe(
    'DUPLICATE_COLLECT_NAME',
  )
  expect(errorOf((env) => env.fromElements(1).collect('')).code).toBe('INVALID_NAME')
  expect(errorOf((env) => env.fromElements(1).collect('a', { limit: 0 })).code).toBe('INVALID_COLLECT_LIMIT')
})

test('Options are checked as everywhere else', () => {
  expect(errorOf((env) => env.configure({ 'paralelism.default': 2 })).code).toBe('UNKNOWN_OPTION')
  expect(errorOf((env) => env.configure(untyped(null))).code).toBe('INVALID_CONFIGURATION')
})
