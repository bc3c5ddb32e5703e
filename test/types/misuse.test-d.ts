// What must not compile. Every line below an expectation fails without it. Checked by types.test.ts; nothing here runs.
import {
  type ApiError,
  type DataStream,
  defineJob,
  type JobDefinition,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  ListStateDescriptor,
  MapStateDescriptor,
  OutputTag,
  type RuntimeContext,
  type Sink,
  type Source,
  type StreamExecutionEnvironment,
  Types,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '@millrace/runtime'

interface Visit {
  readonly user: string
  readonly bytes: number
  readonly size: number | bigint
  readonly note?: number
  readonly tags: readonly string[]
}

declare const env: StreamExecutionEnvironment
declare const visits: DataStream<Visit>
declare const numbers: DataStream<number>
declare const texts: DataStream<string>
declare const pairs: DataStream<readonly [string, number]>
declare const lengthOf: (text: string) => number
const byUser = visits.keyBy((visit) => visit.user)

// Promises.
// @ts-expect-error a map function may not return a promise
numbers.map(async (n) => n + 1)
// @ts-expect-error a map function may not return a promise
numbers.map((n) => Promise.resolve(n))
// @ts-expect-error nor one that sometimes does
numbers.map((n) => (n > 0 ? n : Promise.resolve(n)))
// @ts-expect-error nor a rich one
numbers.map({ map: async (n: number) => n })
// @ts-expect-error a filter answers a boolean at once
numbers.filter(async (n) => n > 0)
// @ts-expect-error an async flatMap function
numbers.flatMap(async (n) => [n])
// @ts-expect-error an async generator
numbers.flatMap(async function* (n) {
  yield n
})
// @ts-expect-error an async process function
numbers.process(async () => {})
// @ts-expect-error an async co-map function
numbers.connect(texts).map({ map1: async (n) => n, map2: (text) => text })
// @ts-expect-error an async reduce function
byUser.reduce(async (a) => a)
// @ts-expect-error building is synchronous
defineJob('async', async () => {})

// Keyed methods need keyBy.
// @ts-expect-error reduce without keyBy
numbers.reduce((a, b) => a + b)
// @ts-expect-error sum without keyBy
visits.sum('bytes')
// @ts-expect-error the stream after an operator is not keyed
byUser.map((visit) => visit).max('bytes')

// Keys, timers and state.
numbers.process<number>((_n, context) => {
  // @ts-expect-error no key without keyBy
  context.getCurrentKey()
  // @ts-expect-error no timers without keyBy
  context.timerService()
})
class Timed implements KeyedProcessFunction<string, number, number> {
  processElement() {}
  onTimer() {}
}
// @ts-expect-error timers without keyBy
numbers.process(new Timed())
// @ts-expect-error a function of other keys
numbers.keyBy((n) => n).process({ processElement(_n, _context: KeyedProcessContext<string>) {} })
// @ts-expect-error an async onTimer
numbers.keyBy((n) => n).process({ processElement() {}, async onTimer() {} })
numbers.connect(texts).process<number>({
  processElement1: (_n, context) => {
    // @ts-expect-error no key unless both streams have one
    context.getCurrentKey()
  },
  processElement2() {},
})
declare const runtimeContext: RuntimeContext
const total = new ValueStateDescriptor('total', Types.LONG)
// @ts-expect-error the state has numbers
runtimeContext.getState(total).update('1')
// @ts-expect-error a descriptor of another kind
runtimeContext.getMapState(new ListStateDescriptor('list', Types.STRING))
// @ts-expect-error a name without a descriptor
runtimeContext.getState('total')
// @ts-expect-error the default has another type
new ValueStateDescriptor('total', Types.LONG, { defaultValue: 'none' })

// Broadcast state.
const limits = new MapStateDescriptor('limits', Types.STRING, Types.LONG)
// @ts-expect-error broadcast state is a map
texts.broadcast(new ValueStateDescriptor('limits', Types.LONG))
numbers.connect(texts.broadcast(limits)).process<number>({
  processElement: (n, context) => {
    // @ts-expect-error only broadcast records change it
    context.getBroadcastState(limits).put('all', n)
  },
  processBroadcastElement: (text, context) => {
    // @ts-expect-error the state has numbers
    context.getBroadcastState(limits).put('all', text)
  },
})
// @ts-expect-error a broadcast stream is for connect
texts.broadcast(limits).map((text) => text)
// @ts-expect-error processBroadcastElement is missing
numbers.connect(texts.broadcast(limits)).process({ processElement() {} })

// Fields.
// @ts-expect-error no such field
byUser.sum('missing')
// @ts-expect-error not a number
byUser.sum('user')
// @ts-expect-error sometimes a number, sometimes a bigint
byUser.sum('size')
// @ts-expect-error may be missing
byUser.sum('note')
// @ts-expect-error arrays have no order
byUser.maxBy('tags')
// @ts-expect-error a position, but the record is no tuple
byUser.sum(0)
// @ts-expect-error the first position is a string
pairs.keyBy(([word]) => word).sum(0)
// @ts-expect-error no third position
pairs.keyBy(([word]) => word).max(2)
// @ts-expect-error a number has no fields
numbers.keyBy((n) => n).sum('n')
// @ts-expect-error no such option
byUser.maxBy('bytes', { firstOnTies: true })

// A keyed stream is partitioned already.
// @ts-expect-error rebalance after keyBy
byUser.rebalance()
// @ts-expect-error broadcast after keyBy
byUser.broadcast()
// @ts-expect-error partitionCustom after keyBy
byUser.partitionCustom(lengthOf, (visit: Visit) => visit.user)

// Functions of the wrong type.
// @ts-expect-error takes a string, gets numbers
numbers.map((text: string) => text)
// @ts-expect-error answers another type than it accumulates
byUser.reduce((a) => a.bytes)
// @ts-expect-error a class is no function
numbers.map(Map)
// @ts-expect-error no number at all
numbers.filter((n) => n)
// @ts-expect-error a key selector is a plain function
numbers.keyBy('n')
// @ts-expect-error a partitioner answers a number
texts.partitionCustom((text) => text, String)
// @ts-expect-error map2 is missing
numbers.connect(texts).map({ map1: (n) => n })

// Sinks, sources, other streams.
declare const numberSink: Sink<number>
declare const visitSink: Sink<Visit & { readonly extra: string }>
declare const numberSource: Source<number>
// @ts-expect-error a sink of numbers
texts.sinkTo(numberSink)
// @ts-expect-error a sink that needs more than the stream has
visits.sinkTo(visitSink)
// @ts-expect-error a strategy for texts
env.fromSource(numberSource, WatermarkStrategy.noWatermarks<string>(), 'Numbers')
// @ts-expect-error the name is missing
env.fromSource(numberSource, WatermarkStrategy.noWatermarks())
// @ts-expect-error streams of different types
numbers.union(texts)
// @ts-expect-error keys of different types
byUser.connect(numbers.keyBy((n) => n))
// @ts-expect-error keys of different types
numbers.connect(texts).keyBy((n) => n, String)
// @ts-expect-error the side output has texts
numbers.getSideOutput(new OutputTag<string>('bad')).map((n: number) => n)
numbers.process<number>((n, context) => {
  // @ts-expect-error the side output has texts
  context.output(new OutputTag<string>('bad'), n)
})
// @ts-expect-error a type of other records
numbers.map((n) => n).returns(Types.STRING)
// @ts-expect-error a stream of a wider type
const narrower: DataStream<1> = numbers

// Settings and values.
// @ts-expect-error not a number
env.setParallelism('4')
// @ts-expect-error a stream without an operator has no name
numbers.rebalance().name('Rebalance')
// @ts-expect-error a sink ends the stream
numbers.print().map((n: number) => n)
// @ts-expect-error only defineJob makes a job
const job: JobDefinition = { name: 'job', build: () => {} }
// @ts-expect-error no such code
const code: InstanceType<typeof ApiError>['code'] = 'NO_SUCH_CODE'
// @ts-expect-error no such mode
env.enableCheckpointing(1000, 'SOMETIMES')
// @ts-expect-error not a text
env.configure({ 'parallelism.default': [4] })
// @ts-expect-error the name is missing
env.registerType(Map, {})

export { code, job, narrower }
