import type { RichMapFunction, RuntimeContext } from '@millrace/runtime'
import type { Order } from './order.ts'

/** Fails at one order, the first time that the job comes to it: to show a restart. */
export class FailOnce implements RichMapFunction<Order, Order> {
  readonly #orderId: number | undefined
  #isFirstAttempt = true

  constructor(orderId: number | undefined) {
    this.#orderId = orderId
  }

  open(context: RuntimeContext): void {
    this.#isFirstAttempt = context.taskInfo.attempt === 0
  }

  map(order: Order): Order {
    if (this.#isFirstAttempt && order.id === this.#orderId) throw new Error(`--fail-at ${order.id}`)
    return order
  }
}
