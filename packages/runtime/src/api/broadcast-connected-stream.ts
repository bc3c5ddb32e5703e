import type {
  BroadcastProcessFunction,
  KeyedBroadcastProcessFunction,
} from '../operators/broadcast-process-function.ts'
import type { BroadcastStream } from './broadcast-stream.ts'
import type { DataStream } from './data-stream.ts'
import { checkFunction, checkTimerFunction, checkWithoutTimers, type WithoutTimers } from './function-checks.ts'
import type { SingleOutputStreamOperator } from './single-output-stream-operator.ts'
import { callOf } from './topology.ts'

/** The function that fits: on a keyed stream it sees keys, keyed state and timers. */
export type BroadcastFunctionOf<A, B, K, U> = [K] extends [never]
  ? BroadcastProcessFunction<A, B, U> & WithoutTimers
  : KeyedBroadcastProcessFunction<K, A, B, U>

/**
 * A stream, keyed or not, and a broadcast one that keeps state in every subtask of the operator that reads both. The order
 * between the two is not defined: a record may come before the broadcast record that it depends on.
 *
 * @example
 * interface Rule { readonly name: string; readonly word: string }
 * const rules = new MapStateDescriptor<string, Rule>('rules')
 * class Matches implements KeyedBroadcastProcessFunction<string, string, Rule, string> {
 *   #unmatched!: ListState<string>
 *   open(context: RuntimeContext) {
 *     this.#unmatched = context.getListState(new ListStateDescriptor<string>('unmatched'))
 *   }
 *   processElement(text: string, context: KeyedReadOnlyBroadcastContext<string>, out: Collector<string>) {
 *     for (const [name, rule] of context.getBroadcastState(rules).entries()) {
 *       if (text.includes(rule.word)) out.collect(`${name}: ${text}`)
 *       else this.#unmatched.add(text)
 *     }
 *   }
 *   processBroadcastElement(rule: Rule, context: BroadcastContext) {
 *     context.getBroadcastState(rules).put(rule.name, rule)
 *   }
 * }
 * const job = defineJob('matches', (env) => {
 *   const texts = env.fromElements('an error').keyBy((text) => text.charAt(0))
 *   const errors = env.fromElements<Rule>({ name: 'errors', word: 'error' }).broadcast(rules)
 *   texts.connect(errors).process(new Matches()).uid('matches').collect('matches')
 * })
 * planJob(job).plan.jobGraph.edges.map((edge) => edge.ship) // -> ['HASH', 'BROADCAST']
 */
export class BroadcastConnectedStream<out A, out B, in K = never> {
  /** Only for the type checker: carries `K`. */
  declare readonly keyType: (key: K) => unknown
  readonly #stream: DataStream<A>
  readonly #broadcast: BroadcastStream<B>

  /** @internal Made by `connect`. */
  constructor(stream: DataStream<A>, broadcast: BroadcastStream<B>) {
    this.#stream = stream
    this.#broadcast = broadcast
  }

  /**
   * Adds the operator that reads both streams.
   *
   * @param fn - an object with `processElement`, which may read the broadcast states, and `processBroadcastElement`, which may
   *   change them; on a keyed stream with `onTimer`, too.
   * @throws ApiError `NOT_A_FUNCTION`, `ASYNC_FUNCTION` or `FUNCTION_USED_TWICE`.
   * @example
   * const blocked = new MapStateDescriptor('blocked', Types.STRING, Types.BOOLEAN)
   * const job = defineJob('allowed', (env) => {
   *   const names = env.fromElements('mallory').broadcast(blocked)
   *   env
   *     .fromElements('ann')
   *     .connect(names)
   *     .process<string>({
   *       processElement(user, context, out) {
   *         if (!context.getBroadcastState(blocked).contains(user)) out.collect(user)
   *       },
   *       processBroadcastElement(user, context) {
   *         context.getBroadcastState(blocked).put(user, true)
   *       },
   *     })
   *     .uid('allowed')
   *     .collect('allowed')
   * })
   * const result = await runInSimulation(job)
   * result.collected('allowed') // -> ['ann']
   */
  process<U>(fn: BroadcastFunctionOf<A, B, K, U>): SingleOutputStreamOperator<U> {
    const call = callOf('process')
    const { topology, keySelector } = this.#stream
    checkFunction(fn, ['processElement', 'processBroadcastElement'], false, call)
    if (keySelector === undefined) checkWithoutTimers(fn, call)
    else checkTimerFunction(fn, call)
    topology.claimFunction(fn, call)
    const { stream, states } = this.#broadcast
    return topology.streams.operator(
      topology,
      topology.twoInput(
        keySelector === undefined ? 'Co-Process-Broadcast' : 'Co-Process-Broadcast-Keyed',
        this.#stream.transformation,
        stream.transformation,
        {
          kind: 'co-process',
          fn: fn as BroadcastProcessFunction<unknown, unknown, unknown>,
          broadcastStates: states,
          keySelector1: keySelector,
        },
        { ...(keySelector && { keyed: true }) },
      ),
    )
  }
}
