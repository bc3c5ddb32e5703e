import type { Collector, RichFlatMapFunction } from '@millrace/runtime'
import type { Alert } from './rule-evaluator.ts'

/** Makes a line of every alert and, at the end of the input, a line of totals. */
export class AlertReport implements RichFlatMapFunction<Alert, string> {
  readonly #counts = new Map<string, number>()

  flatMap({ ruleId, transaction }: Alert, out: Collector<string>): void {
    this.#counts.set(ruleId, (this.#counts.get(ruleId) ?? 0) + 1)
    const { id, timestampMs, card, country, amountCents } = transaction
    const amount = (amountCents / 100).toFixed(2)
    out.collect(
      `${new Date(timestampMs).toISOString()}  ${ruleId}  ${card}  ${country}  ${amount}  (transaction ${id})`,
    )
  }

  endInput(out: Collector<string>): void {
    const counts = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, count]) => `${id}: ${count}`)
    out.collect(counts.length === 0 ? 'no alerts' : `alerts by rule: ${counts.join(', ')}`)
  }
}
