import type { Collector, EndInputFunction, ProcessContext, RichFunction } from './functions.ts'

/** Timers of the key in hand: one for each key and timestamp, kept in snapshots as state is. */
export interface TimerService {
  /** The wall clock in milliseconds since the epoch (virtual in simulation). */
  currentProcessingTime(): number
  /**
   * Has `onTimer` called for the current key when the wall clock has reached `timestampMs`; at once if it has. Registering
   * the same again changes nothing.
   *
   * @throws StateError `INVALID_TIMER` if it is no finite number, `NO_CURRENT_KEY` outside of records and timers.
   */
  registerProcessingTimeTimer(timestampMs: number): void
  /** Takes a timer of the current key back. One that does not exist is no error. */
  deleteProcessingTimeTimer(timestampMs: number): void
}

/** What a function on a keyed stream may ask and do beside its main output. */
export interface KeyedProcessContext<out K> extends ProcessContext {
  /** The key of the record or timer in hand, as the key selector answered it. */
  getCurrentKey(): K
  timerService(): TimerService
}

/** What a function may ask and do when a timer fires. Its `timestamp()` is that of the timer. */
export interface OnTimerContext<out K> extends KeyedProcessContext<K> {}

/** A function with timers. */
interface TimerFunction<K, O> {
  /** Called once for each timer that is due, in order of timestamps. Results as of `processElement`. */
  onTimer?(timestampMs: number, context: OnTimerContext<K>, out: Collector<O>): void | Iterable<O>
}

/**
 * The general function of a keyed stream: any number of records, side outputs, keyed state (got in `open`), and timers.
 *
 * @example
 * class CountThenReport implements KeyedProcessFunction<string, string, [string, number]> {
 *   #count!: ValueState<number>
 *   open(context: RuntimeContext) {
 *     this.#count = context.getState(new ValueStateDescriptor('count', Types.LONG, { defaultValue: 0 }))
 *   }
 *   processElement(_word: string, context: KeyedProcessContext<string>) {
 *     if (this.#count.value() === 0) {
 *       const timers = context.timerService()
 *       timers.registerProcessingTimeTimer(timers.currentProcessingTime() + 1_000)
 *     }
 *     this.#count.update((this.#count.value() ?? 0) + 1)
 *   }
 *   *onTimer(_timestampMs: number, context: OnTimerContext<string>): Iterable<[string, number]> {
 *     yield [context.getCurrentKey(), this.#count.value() ?? 0]
 *     this.#count.clear()
 *   }
 * }
 * const reported = Promise.withResolvers<void>()
 * const job = defineJob('reports', (env) => {
 *   env
 *     .fromAsyncIterable(async function* () {
 *       yield* ['a', 'a']
 *       await reported.promise
 *     })
 *     .keyBy((word) => word)
 *     .process(new CountThenReport())
 *     .uid('count')
 *     .map((report) => {
 *       reported.resolve()
 *       return report
 *     })
 *     .collect('reports')
 * })
 * const result = await runInSimulation(job)
 * result.collected('reports') // -> [['a', 2]]
 */
export interface KeyedProcessFunction<K, I, O> extends RichFunction, EndInputFunction<O>, TimerFunction<K, O> {
  processElement(value: I, context: KeyedProcessContext<K>, out: Collector<O>): void | Iterable<O>
}

/** As {@link KeyedProcessFunction}, of two streams that are keyed alike and share the states and timers of their keys. */
export interface KeyedCoProcessFunction<K, A, B, O> extends RichFunction, EndInputFunction<O>, TimerFunction<K, O> {
  processElement1(value: A, context: KeyedProcessContext<K>, out: Collector<O>): void | Iterable<O>
  processElement2(value: B, context: KeyedProcessContext<K>, out: Collector<O>): void | Iterable<O>
}
