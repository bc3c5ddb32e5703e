// What a job's author never has to write: the types of records. Checked by types.test.ts; nothing here runs.
import {
  type AggregatingState,
  AggregatingStateDescriptor,
  type BroadcastConnectedStream,
  type BroadcastState,
  type BroadcastStream,
  type CheckpointedFunction,
  type CheckpointListener,
  type Collector,
  type ConnectedStreams,
  type DataStream,
  defineJob,
  type FunctionInitializationContext,
  type FunctionSnapshotContext,
  type JobDefinition,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  type KeyedStream,
  type ListState,
  ListStateDescriptor,
  type MapState,
  MapStateDescriptor,
  type OnTimerContext,
  type OperatorListState,
  OutputTag,
  type ProcessContext,
  type ReadOnlyBroadcastState,
  type ReducingState,
  ReducingStateDescriptor,
  type RichFlatMapFunction,
  type RichMapFunction,
  type RuntimeContext,
  reinterpretAsKeyedStream,
  type SingleOutputStreamOperator,
  type Sink,
  type StreamExecutionEnvironment,
  Types,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '@millrace/runtime'

/** Compiles only if both types are the same. */
function same<Expected>() {
  return <Actual>(
    _value: Actual,
    ..._proof: (<X>() => X extends Actual ? 1 : 2) extends <X>() => X extends Expected ? 1 : 2 ? [] : ['types differ']
  ): void => {}
}

interface Visit {
  readonly user: string
  readonly path: string
  readonly bytes: number
  readonly at: Date
  readonly cached: boolean
  readonly note?: number
}

declare const visits: DataStream<Visit>
declare const numbers: DataStream<number>
declare const texts: DataStream<string>
declare const pairs: DataStream<readonly [string, number, bigint]>

defineJob('inference', (env, args) => {
  same<readonly string[]>()(args)
  same<SingleOutputStreamOperator<number>>()(env.fromElements(1, 2))
  same<SingleOutputStreamOperator<string | number>>()(env.fromElements<string | number>('a', 1))
  same<SingleOutputStreamOperator<{ a: number }>>()(env.fromCollection([{ a: 1 }]))
  same<SingleOutputStreamOperator<number>>()(env.fromSequence(1, 3))
  same<SingleOutputStreamOperator<string>>()(
    env.fromAsyncIterable(async function* ({ signal }) {
      same<AbortSignal>()(signal)
      yield 'a'
    }),
  )
  same<SingleOutputStreamOperator<number>>()(env.fromAsyncIterable(() => [1, 2]))
})

// Plain functions.
same<SingleOutputStreamOperator<string>>()(numbers.map((n) => `${n}`))
same<SingleOutputStreamOperator<{ path: string; size: number }>>()(
  visits.map((visit) => ({ path: visit.path, size: visit.bytes })),
)
same<SingleOutputStreamOperator<number>>()(numbers.map(Math.abs))
same<SingleOutputStreamOperator<string>>()(texts.flatMap((text) => text.split(' ')))
same<SingleOutputStreamOperator<number>>()(
  texts.flatMap(function* (text) {
    yield text.length
  }),
)
same<SingleOutputStreamOperator<number>>()(texts.flatMap<number>((text, out) => out.collect(text.length)))
same<SingleOutputStreamOperator<number>>()(texts.flatMap((text, out: Collector<number>) => out.collect(text.length)))
same<SingleOutputStreamOperator<Visit>>()(visits.filter((visit) => visit.cached))
declare const optional: DataStream<string | undefined>
same<SingleOutputStreamOperator<string>>()(optional.filter((text) => text !== undefined))
same<SingleOutputStreamOperator<number>>()(
  texts.process(function* (text, context) {
    same<ProcessContext>()(context)
    yield text.length
  }),
)

// Rich functions.
class Lengths implements RichMapFunction<string, number> {
  open(context: RuntimeContext): void {
    context.metrics.counter('opened').inc()
  }
  map(text: string): number {
    return text.length
  }
}
same<SingleOutputStreamOperator<number>>()(texts.map(new Lengths()))
class Words implements RichFlatMapFunction<string, string> {
  *flatMap(text: string): Iterable<string> {
    yield* text.split(' ')
  }
}
same<SingleOutputStreamOperator<string>>()(texts.flatMap(new Words()))
same<SingleOutputStreamOperator<number>>()(texts.map({ map: (text) => text.length }))

// Keys and fields.
const byUser = visits.keyBy((visit) => visit.user)
same<KeyedStream<Visit, string>>()(byUser)
same<KeyedStream<Visit, readonly [string, boolean]>>()(
  visits.keyBy((visit): readonly [string, boolean] => [visit.path, visit.cached]),
)
same<SingleOutputStreamOperator<Visit>>()(byUser.sum('bytes'))
same<SingleOutputStreamOperator<Visit>>()(byUser.min('at'))
same<SingleOutputStreamOperator<Visit>>()(byUser.max('path'))
same<SingleOutputStreamOperator<Visit>>()(byUser.minBy('cached'))
same<SingleOutputStreamOperator<Visit>>()(byUser.maxBy('bytes', { firstOnTie: false }))
same<SingleOutputStreamOperator<Visit>>()(byUser.reduce((a, b) => (a.bytes > b.bytes ? a : b)))
same<SingleOutputStreamOperator<readonly [string, number, bigint]>>()(pairs.keyBy(([word]) => word).sum(1))
pairs.keyBy(([word]) => word).sum(2)
pairs.keyBy(([word]) => word).max(0)
same<SingleOutputStreamOperator<number>>()(byUser.map((visit) => visit.bytes))
same<KeyedStream<Visit, string>>()(reinterpretAsKeyedStream(byUser.sum('bytes'), (visit) => visit.user))

// Several streams.
same<DataStream<number>>()(
  numbers.union(
    numbers,
    numbers.map((n) => n),
  ),
)
const both = numbers.connect(texts)
same<ConnectedStreams<number, string>>()(both)
same<SingleOutputStreamOperator<number | string>>()(both.map({ map1: (n) => n + 1, map2: (text) => text.trim() }))
same<SingleOutputStreamOperator<string>>()(
  both.flatMap({ flatMap1: (n) => [`${n}`], flatMap2: (text) => text.split(' ') }),
)
same<SingleOutputStreamOperator<boolean>>()(
  both.process<boolean>({
    processElement1: (n, _context, out) => out.collect(n > 0),
    processElement2: (text, _context, out) => out.collect(text !== ''),
  }),
)
same<ConnectedStreams<Visit, string, string>>()(byUser.connect(texts.keyBy((text) => text)))
same<ConnectedStreams<Visit, number>>()(byUser.connect(numbers))
same<ConnectedStreams<Visit, string, string>>()(
  visits.connect(texts).keyBy(
    (visit) => visit.user,
    (text) => text,
  ),
)

// Keyed functions.
same<SingleOutputStreamOperator<number>>()(
  byUser.process<number>((visit, context, out) => {
    same<KeyedProcessContext<string>>()(context)
    same<string>()(context.getCurrentKey())
    context.timerService().registerProcessingTimeTimer(context.timerService().currentProcessingTime() + 1)
    out.collect(visit.bytes)
  }),
)
same<SingleOutputStreamOperator<string>>()(
  byUser.process(function* (visit, context) {
    yield context.getCurrentKey() + visit.path
  }),
)
class Counts implements KeyedProcessFunction<string, Visit, { user: string; count: number }> {
  count!: ValueState<number>
  recent!: ListState<string>
  byPath!: MapState<string, number>
  total!: ReducingState<number>
  mean!: AggregatingState<number, number>
  open(context: RuntimeContext) {
    this.count = context.getState(new ValueStateDescriptor('count', Types.LONG))
    this.recent = context.getListState(new ListStateDescriptor('recent', Types.STRING))
    this.byPath = context.getMapState(new MapStateDescriptor('by path', Types.STRING, Types.LONG))
    this.total = context.getReducingState(new ReducingStateDescriptor('total', (a: number, b: number) => a + b))
    this.mean = context.getAggregatingState(
      new AggregatingStateDescriptor('mean', {
        createAccumulator: () => ({ sum: 0, count: 0 }),
        add: (value: number, { sum, count }) => ({ sum: sum + value, count: count + 1 }),
        getResult: ({ sum, count }) => sum / count,
      }),
    )
  }
  processElement(visit: Visit, context: KeyedProcessContext<string>) {
    same<number | undefined>()(this.count.value())
    same<string[]>()(this.recent.get())
    same<number | undefined>()(this.byPath.get(visit.path))
    same<number | undefined>()(this.total.get())
    same<number | undefined>()(this.mean.get())
    context.output(new OutputTag<string>('users'), context.getCurrentKey())
  }
  *onTimer(timestampMs: number, context: OnTimerContext<string>) {
    yield { user: context.getCurrentKey(), count: timestampMs }
  }
}
same<SingleOutputStreamOperator<{ user: string; count: number }>>()(byUser.process(new Counts()))
same<SingleOutputStreamOperator<string>>()(
  byUser.connect(texts.keyBy((text) => text)).process<string>({
    processElement1: (visit, context, out) => out.collect(visit.path + context.getCurrentKey()),
    processElement2(text, context) {
      same<KeyedProcessContext<string>>()(context)
      same<string>()(text)
      context.timerService().deleteProcessingTimeTimer(0)
    },
    onTimer(timestampMs, context, out) {
      same<number>()(timestampMs)
      out.collect(context.getCurrentKey())
    },
  }),
)
class Summing implements RichFlatMapFunction<number, number>, CheckpointedFunction, CheckpointListener {
  sum!: OperatorListState<number>
  flatMap(n: number, out: Collector<number>) {
    this.sum.add(n)
    out.collect(n)
  }
  initializeState({ operatorStateStore, isRestored, restoredCheckpointId }: FunctionInitializationContext) {
    same<boolean>()(isRestored)
    same<number | undefined>()(restoredCheckpointId)
    this.sum = operatorStateStore.getListState(new ListStateDescriptor('sum', Types.DOUBLE))
    same<OperatorListState<string>>()(operatorStateStore.getUnionListState(new ListStateDescriptor<string>('all')))
  }
  snapshotState({ checkpointId }: FunctionSnapshotContext) {
    same<number>()(checkpointId)
  }
  notifyCheckpointComplete() {}
}
same<SingleOutputStreamOperator<number>>()(numbers.flatMap(new Summing()))

// Broadcast state.
const limits = new MapStateDescriptor('limits', Types.STRING, Types.LONG)
const rules = texts.broadcast(limits)
same<BroadcastStream<string>>()(rules)
same<BroadcastConnectedStream<number, string>>()(numbers.connect(rules))
same<BroadcastConnectedStream<Visit, string, string>>()(byUser.connect(rules))
same<SingleOutputStreamOperator<boolean>>()(
  numbers.connect(rules).process<boolean>({
    processElement(n, context, out) {
      same<ReadOnlyBroadcastState<string, number>>()(context.getBroadcastState(limits))
      out.collect(n > (context.getBroadcastState(limits).get('all') ?? 0))
    },
    processBroadcastElement(text, context) {
      same<BroadcastState<string, number>>()(context.getBroadcastState(limits))
      context.getBroadcastState(limits).put(text, text.length)
    },
  }),
)
same<SingleOutputStreamOperator<string>>()(
  byUser.connect(rules).process<string>({
    processElement: (_visit, context, out) => out.collect(context.getCurrentKey()),
    processBroadcastElement: (text, _context, out) => out.collect(text),
    onTimer: (_timestampMs, context) => [`${context.getCurrentKey()} ${context.getBroadcastState(limits).get('all')}`],
  }),
)

// Side outputs, partitioning, settings.
const bad = new OutputTag<{ line: string }>('bad')
same<DataStream<{ line: string }>>()(texts.process<number>(() => {}).getSideOutput(bad))
same<DataStream<string>>()(texts.rebalance().rescale().shuffle().global().forward().broadcast())
same<DataStream<string>>()(
  texts.partitionCustom(
    (length: number, count) => length % count,
    (text) => text.length,
  ),
)
same<SingleOutputStreamOperator<string>>()(
  texts
    .assignTimestampsAndWatermarks(WatermarkStrategy.noWatermarks())
    .name('Times')
    .uid('times')
    .setParallelism(2)
    .setMaxParallelism(8)
    .startNewChain()
    .disableChaining()
    .slotSharingGroup('a')
    .setBufferTimeout(0)
    .returns(Types.STRING),
)
declare const anything: Sink<unknown>
texts.sinkTo(anything).name('Anything').uid('anything').setParallelism(1).slotSharingGroup('out')

// Generic functions of a user's own.
export function wrap<T>(stream: DataStream<T>): DataStream<{ value: T }> {
  return stream.map((value) => ({ value }))
}
export function identity<T>(stream: DataStream<T>): DataStream<T> {
  return stream.map((value) => value)
}
export function firsts<T>(stream: DataStream<T[]>): DataStream<T | undefined> {
  return stream.map((values) => values[0])
}
export function fieldOf<T, K extends keyof T>(stream: DataStream<T>, key: K): DataStream<T[K]> {
  return stream.map((value) => value[key])
}
export function apply<T, U>(stream: DataStream<T>, fn: (value: T) => U): DataStream<U> {
  return stream.map(fn)
}
export function latest<T, K>(stream: DataStream<T>, key: (value: T) => K): DataStream<T> {
  return stream.keyBy(key).reduce((_, value) => value)
}
export function merged<A, B>(first: DataStream<A>, second: DataStream<B>): DataStream<A | B> {
  return first.connect(second).map({ map1: (value) => value, map2: (value) => value })
}
export function perKey<T, K, U>(stream: KeyedStream<T, K>, fn: KeyedProcessFunction<K, T, U>): DataStream<U> {
  return stream.process(fn)
}
export function perKeyOf<T, K, U>(
  stream: DataStream<T>,
  key: (value: T) => K,
  fn: KeyedProcessFunction<K, T, U>,
): DataStream<U> {
  return stream.keyBy(key).process(fn)
}
export function jobOf(build: (env: StreamExecutionEnvironment) => void): JobDefinition {
  return defineJob('job', build)
}

// A stream of a narrower type serves where a wider one is asked for.
const wider: DataStream<{ readonly user: string }> = visits
const widerKeyed: KeyedStream<{ readonly user: string }, string> = byUser

export { wider, widerKeyed }
