import {
  type Collector,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  type OnTimerContext,
  OutputTag,
  type RuntimeContext,
  Types,
  type ValueState,
  ValueStateDescriptor,
} from '@millrace/runtime'
import type { Order } from './order.ts'

/** What a customer has ordered so far, with each order. */
export interface Total {
  readonly customer: string
  readonly orders: number
  readonly amountCents: number
}

/** Of customers from whom nothing has come for a while. */
export const quietCustomers: OutputTag<Total> = new OutputTag('quiet customers')

const kept = Types.row({ orders: Types.LONG, amountCents: Types.LONG, quietAtMs: Types.LONG })

/**
 * Adds up the orders of each customer. A timer for each customer, put off by every order, tells of those who have become
 * quiet. Totals and timers are state: checkpoints have them, and after a restart they are what they were then.
 */
export class RunningTotal implements KeyedProcessFunction<string, Order, Total> {
  readonly #quietMs: number
  #state!: ValueState<{ orders: number; amountCents: number; quietAtMs: number }>

  constructor(quietMs: number) {
    this.#quietMs = quietMs
  }

  open(context: RuntimeContext): void {
    this.#state = context.getState(new ValueStateDescriptor('total', kept))
  }

  processElement(order: Order, context: KeyedProcessContext<string>, out: Collector<Total>): void {
    const timers = context.timerService()
    const before = this.#state.value()
    if (before !== undefined) timers.deleteProcessingTimeTimer(before.quietAtMs)
    const quietAtMs = timers.currentProcessingTime() + this.#quietMs
    timers.registerProcessingTimeTimer(quietAtMs)
    const orders = (before?.orders ?? 0) + 1
    const amountCents = (before?.amountCents ?? 0) + order.amountCents
    this.#state.update({ orders, amountCents, quietAtMs })
    out.collect({ customer: order.customer, orders, amountCents })
  }

  onTimer(_timestampMs: number, context: OnTimerContext<string>): void {
    const state = this.#state.value()
    if (state === undefined) return
    const { orders, amountCents } = state
    context.output(quietCustomers, { customer: context.getCurrentKey(), orders, amountCents })
  }
}
