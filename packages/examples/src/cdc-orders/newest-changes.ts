import {
  type Collector,
  type Counter,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  type RuntimeContext,
  StateTtlConfig,
  Types,
  type ValueState,
  ValueStateDescriptor,
} from '@millrace/runtime'
import type { OrderChange } from './order-row.ts'

/**
 * Lets through what is newer than everything that was seen of that order. Debezium delivers at least once: after a restart of
 * its own it goes back in the log and tells changes again, old ones after newer ones. The state remembers how far each order has
 * come, also of one that is deleted, or a change that is told again would bring it back; and forgets it some time after its last
 * change.
 */
export class NewestChanges implements KeyedProcessFunction<number, OrderChange, OrderChange> {
  readonly #rememberMs: number
  #newestLsn!: ValueState<number>
  #repeated!: Counter

  constructor(rememberMs: number) {
    this.#rememberMs = rememberMs
  }

  open(context: RuntimeContext): void {
    const ttl = StateTtlConfig.newBuilder(this.#rememberMs).build()
    this.#newestLsn = context.getState(new ValueStateDescriptor('newest-lsn', Types.LONG, { ttl }))
    this.#repeated = context.metrics.counter('repeatedChanges')
  }

  processElement(change: OrderChange, _context: KeyedProcessContext<number>, out: Collector<OrderChange>): void {
    const newest = this.#newestLsn.value()
    if (newest !== undefined && change.lsn <= newest) {
      this.#repeated.inc()
      return
    }
    this.#newestLsn.update(change.lsn)
    out.collect(change)
  }
}
